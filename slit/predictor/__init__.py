"""Speed and energy of an inference that nobody measured: (architecture, GPU, batch, tokens) in."""
