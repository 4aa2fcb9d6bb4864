-- What is said of banners, in place of what was said before; $removed are the tags of which nothing is said any more.
-- In: written_banners, costs as text.
INSERT OR REPLACE INTO banners
SELECT banner_tag, affiliate, campaign, name, cost::DECIMAL(18, 4) FROM written_banners;

DELETE FROM banners WHERE banner_tag IN (SELECT unnest($removed::TEXT[]));
