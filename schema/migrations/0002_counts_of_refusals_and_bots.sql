-- A refusal can stand for many that were not kept singly.
ALTER TABLE rejected_events ADD COLUMN count BIGINT DEFAULT 1;
ALTER TABLE rejected_events ALTER COLUMN count SET NOT NULL;

-- Whether visits of declared crawlers (metadata `_bot`) compete. In a warehouse that holds some already, they did.
ALTER TABLE warehouse ADD COLUMN count_bots BOOLEAN DEFAULT false;
UPDATE warehouse SET count_bots = EXISTS (
    FROM events WHERE event_type = 'visit' AND json_exists(metadata, '$._bot')
);

-- The instant before which every acknowledged event was counted when the run ended; null in runs of before: started_at.
ALTER TABLE aggregation_runs ADD COLUMN complete_until TIMESTAMPTZ;
-- Visits of declared crawlers that were stored and do not compete.
ALTER TABLE aggregation_runs ADD COLUMN bots_set_aside BIGINT DEFAULT 0;
