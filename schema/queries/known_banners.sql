-- What is said of banners.
SELECT banner_tag, affiliate, campaign, name, cost FROM banners ORDER BY banner_tag;
