"""Energy of language models: per prompt token, per generated token, to the first token, while loading and while idle."""
