"""slit: where, when and with which model variant to serve language model requests."""
