"""The collector under load: requests a CPU second and waiting times, beside anchors in the same run."""
