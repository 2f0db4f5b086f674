"""What phases measure with: a clock, a loop, a box with a bound."""
