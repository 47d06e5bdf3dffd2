"""The steering report (styrrapport): what of the strategy's parts flowed, was read in time, used, and led to."""
