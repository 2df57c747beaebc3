-- Reading, by functions whose plans are made once a connection and held to the one index that is meant. Without that, a
-- look-up among 100,000 rows was planned for parallel workers, whose start costs forty times the look-up. Each function is
-- STABLE, so all that one call reads is from one snapshot.

-- The rows asked for that are there, each with its place in the question.
CREATE FUNCTION poolhouse.rows_by_id(now_ms bigint, partitions text[], collections text[], keys text[])
RETURNS TABLE (place integer, version bigint, body text, expires_at bigint) LANGUAGE plpgsql STABLE
SET max_parallel_workers_per_gather = 0 SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    FOR i IN 1..coalesce(array_length(keys, 1), 0) LOOP
        RETURN QUERY SELECT i, r.version, r.body, r.expires_at FROM poolhouse.rows AS r
            WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i]
            AND (r.expires_at IS NULL OR r.expires_at > now_ms);
    END LOOP;
END
$$;

-- Keys from at_least on (inclusive), past past (exclusive), before before (exclusive).
CREATE FUNCTION poolhouse.rows_by_key(
    now_ms bigint, p text, c text, at_least text, past text, before text, most integer)
RETURNS TABLE (key text, version bigint, body text, expires_at bigint, value text) LANGUAGE plpgsql STABLE
SET max_parallel_workers_per_gather = 0 SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT r.key, r.version, r.body, r.expires_at, r.key FROM poolhouse.rows AS r
        WHERE r.partition = p AND r.collection = c AND r.key >= at_least AND r.key > past AND r.key < before
        AND (r.expires_at IS NULL OR r.expires_at > now_ms)
        ORDER BY r.partition, r.collection, r.key LIMIT most;
END
$$;

-- Entries of one index past (after_value, after_key) and before a value, both exclusive: one lower and one upper bound, so
-- that the last page costs what the first does.
CREATE FUNCTION poolhouse.rows_by_index(
    now_ms bigint, p text, c text, n text,
    after_value text, after_key text, before text, most integer)
RETURNS TABLE (key text, version bigint, body text, expires_at bigint, value text) LANGUAGE plpgsql STABLE
SET max_parallel_workers_per_gather = 0 SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off SET enable_memoize = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT r.key, r.version, r.body, r.expires_at, e.value
        FROM poolhouse.index_entries AS e JOIN poolhouse.rows AS r
        ON r.partition = p AND r.collection = c AND r.key = e.key
        WHERE e.partition = p AND e.collection = c AND e.name = n
        AND (e.value, e.key) > (after_value, after_key) AND e.value < before
        AND (r.expires_at IS NULL OR r.expires_at > now_ms)
        ORDER BY e.partition, e.collection, e.name, e.value, e.key LIMIT most;
END
$$;

-- Jumps from one partition to the next instead of walking over every row.
CREATE FUNCTION poolhouse.partitions_of(now_ms bigint, c text, after text, most integer)
RETURNS SETOF text LANGUAGE plpgsql STABLE
SET max_parallel_workers_per_gather = 0 SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    at text := after;
    told integer := 0;
BEGIN
    WHILE told < most LOOP
        SELECT r.partition INTO at FROM poolhouse.rows AS r
        WHERE r.collection || '' = c AND r.partition || '' > at
        ORDER BY r.collection || '', r.partition || '' LIMIT 1;
        EXIT WHEN NOT FOUND;
        PERFORM 1 FROM poolhouse.rows AS r
        WHERE r.partition = at AND r.collection = c AND (r.expires_at IS NULL OR r.expires_at > now_ms) LIMIT 1;
        IF FOUND THEN
            told := told + 1;
            RETURN NEXT at;
        END IF;
    END LOOP;
END
$$;
