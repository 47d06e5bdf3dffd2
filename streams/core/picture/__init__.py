"""Situation pictures (lägesbilder): what is counted, once for each real event, by area, theme and window."""
