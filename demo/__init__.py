"""A small news web of invented outlets: what `make demo` crawls and the tests lean on."""
