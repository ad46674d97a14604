"""Facts and print-outs of boards that a driver and an importer share."""
