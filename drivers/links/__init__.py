"""Ways to an instrument: serial port, HID, Bluetooth, socket, HTTP, I²C."""
