"""What a person describes: records with units and limits, read from TOML and tables."""
