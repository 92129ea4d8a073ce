"""Templates of outlets: where their articles stand, as learnt from the pages read before."""
