"""How good the comparison of banners is, against worlds whose truth is known."""
