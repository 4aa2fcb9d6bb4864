-- What somebody says of banners: it does not follow from records. A banner that is not listed here is counted all the same.
CREATE TABLE banners (
    banner_tag TEXT PRIMARY KEY,       -- as in `events`
    affiliate TEXT,                    -- null: nothing was said
    campaign TEXT,
    name TEXT,
    cost DECIMAL(18, 4)                -- all that the banner has cost so far, in the one currency of the books; not negative
);
