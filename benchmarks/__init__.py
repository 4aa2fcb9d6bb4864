"""Figures as ratios against an anchor that runs in the same minute."""
