-- One row a transaction: player and txid, without a txid player and id. A verified deposit wins, then the earliest.
-- In: deposits, the new ones and all that are stored now of lost_depositors, who lost one that stood for a transaction.
DELETE FROM counted_deposits
USING lost_depositors
WHERE counted_deposits.player_id = lost_depositors.player_id;

MERGE INTO counted_deposits AS d
USING (
    SELECT * FROM deposits
    QUALIFY row_number() OVER (
        PARTITION BY player_id, txid, CASE WHEN txid IS NULL THEN event_id END
        ORDER BY is_verified DESC, created_at, event_id
    ) = 1
) AS n
-- Equalities alone, so that it is a hash join; no transaction has an empty name.
ON d.player_id = n.player_id
    AND coalesce(d.txid, '') = coalesce(n.txid, '')
    AND CASE WHEN d.txid IS NULL THEN d.event_id ELSE '' END = CASE WHEN n.txid IS NULL THEN n.event_id ELSE '' END
WHEN MATCHED AND (NOT n.is_verified, n.created_at, n.event_id) < (NOT d.is_verified, d.created_at, d.event_id) THEN UPDATE SET
    event_date = n.event_date,
    banner_tag = n.banner_tag,
    event_id = n.event_id,
    created_at = n.created_at,
    currency = n.currency,
    amount = n.amount::DECIMAL(18, 4),
    is_verified = n.is_verified
WHEN NOT MATCHED THEN INSERT VALUES (
    n.event_date, n.player_id, n.banner_tag, n.txid, n.event_id, n.created_at, n.currency, n.amount::DECIMAL(18, 4),
    n.is_verified
);
