-- Renames in the tables that follow from the records: another name moves no figure, since each gets one of its own.
-- In: names (name, erased); transactions (txid, erased), those of the players among them.
UPDATE counted_events SET player_id = n.erased FROM names AS n WHERE counted_events.player_id = n.name;

UPDATE players SET player_id = n.erased FROM names AS n WHERE players.player_id = n.name;

UPDATE visitor_links SET player_id = n.erased FROM names AS n WHERE visitor_links.player_id = n.name;

UPDATE visitor_links SET visitor_key = n.erased FROM names AS n WHERE visitor_links.visitor_key = n.name;

UPDATE counted_deposits SET txid = t.erased FROM transactions AS t
WHERE counted_deposits.txid = t.txid AND counted_deposits.player_id IN (SELECT name FROM names);

UPDATE counted_deposits SET player_id = n.erased FROM names AS n WHERE counted_deposits.player_id = n.name;
