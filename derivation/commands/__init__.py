"""The command line's subcommands, one module each, and what they share."""
