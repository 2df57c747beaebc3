-- A commit is one call of this function, and so one round trip and one transaction.
--
-- The arrays have one element for each row that the batch names, sorted by (partition, collection, key) as bytes. Each of
-- these rows is locked in that order, which is the same for every commit, so no two wait for each other in a ring. A row
-- that is not there cannot be locked; it is inserted, which locks its key, and taken away again if the batch does not put
-- it. Only when all are held are the expectations looked at: what is read then stays true until the commit is done. So
-- commits are serializable without SERIALIZABLE and its false alarms.
--
--   wants    the version expected; 0: absent; -1: nothing expected; -2: contradictory expectations, which never hold
--   deletes  whether the row is deleted (before any put)
--   puts     how often it is put; bodies, expiries and the index entries are of the last time. A row's entries are two
--            arrays, names and values, written as text: PostgreSQL has no arrays of arrays of different lengths, and
--            slices of one long array cost as much as all of it
--   changed  what the batch writes: partition, collection, key, … ; empty for a batch that only expects
--   again    an earlier attempt of this commit may have been done, or may be under way
--
-- The answer begins with 1 where the batch was committed, 0 where an expectation did not hold and nothing was written, and
-- 2 where an earlier attempt had committed it. Then comes what was found of each row: its version, 0 where there is none,
-- the negative version where it has expired.
CREATE FUNCTION poolhouse.commit_batch(
    home text, origin bigint, number bigint, again boolean, now_ms bigint, changed text[],
    partitions text[], collections text[], keys text[],
    wants bigint[], deletes boolean[], puts integer[],
    bodies text[], expiries bigint[],
    entry_names text[], entry_values text[]
) RETURNS bigint[] LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    total integer := coalesce(array_length(keys, 1), 0);
    seen bigint[] := array_fill(0::bigint, ARRAY[total]);
    fresh boolean[] := array_fill(false, ARRAY[total]);
    conflict boolean := false;
    insert_first boolean;
    only_read boolean;
    held record;
    new_names text[];
    new_values text[];
BEGIN
    IF again AND cardinality(changed) > 0 THEN
        -- Waits for an attempt that is under way, and learns how it ended.
        INSERT INTO poolhouse.commits (partition, origin, number, changed)
        VALUES (home, commit_batch.origin, commit_batch.number, commit_batch.changed) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN ARRAY[2::bigint];
        END IF;
    END IF;

    -- A look without locks: most conflicts are seen here, and cost nothing.
    FOR i IN 1..total LOOP
        CONTINUE WHEN wants[i] = -1;
        SELECT r.version, r.expires_at INTO held FROM poolhouse.rows AS r
        WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i];
        IF FOUND THEN
            seen[i] := CASE WHEN held.expires_at <= now_ms THEN -held.version ELSE held.version END;
        END IF;
        conflict := conflict OR greatest(seen[i], 0) <> wants[i];
    END LOOP;
    IF conflict THEN
        DELETE FROM poolhouse.commits AS c
        WHERE again AND c.partition = home AND c.origin = commit_batch.origin AND c.number = commit_batch.number;
        RETURN 0::bigint || seen;
    END IF;
    IF NOT again AND cardinality(changed) > 0 THEN
        INSERT INTO poolhouse.commits (partition, origin, number, changed)
        VALUES (home, commit_batch.origin, commit_batch.number, commit_batch.changed) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN ARRAY[2::bigint];
        END IF;
    END IF;

    FOR i IN 1..total LOOP
        only_read := wants[i] > 0 AND puts[i] = 0 AND NOT deletes[i];
        insert_first := seen[i] = 0 AND wants[i] = 0;
        new_names := entry_names[i]::text[];
        new_values := entry_values[i]::text[];
        seen[i] := 0;
        LOOP
            IF insert_first THEN
                INSERT INTO poolhouse.rows
                    (partition, collection, key, version, expires_at, index_names, index_values, body)
                VALUES (partitions[i], collections[i], keys[i], puts[i], expiries[i], new_names, new_values,
                        coalesce(bodies[i], ''))
                ON CONFLICT DO NOTHING;
                IF FOUND THEN
                    fresh[i] := true;
                    EXIT;
                END IF;
            END IF;
            IF only_read THEN
                SELECT r.version, r.expires_at INTO held FROM poolhouse.rows AS r
                WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i] FOR SHARE;
            ELSE
                SELECT r.version, r.expires_at INTO held FROM poolhouse.rows AS r
                WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i] FOR UPDATE;
            END IF;
            IF FOUND THEN
                seen[i] := CASE WHEN held.expires_at <= now_ms THEN -held.version ELSE held.version END;
                EXIT;
            END IF;
            -- Gone is a conflict that needs no lock.
            EXIT WHEN only_read;
            insert_first := true;
        END LOOP;
        conflict := conflict OR (wants[i] <> -1 AND greatest(seen[i], 0) <> wants[i]);
    END LOOP;
    IF conflict THEN
        FOR i IN 1..total LOOP
            IF fresh[i] THEN
                DELETE FROM poolhouse.rows AS r
                WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i];
            END IF;
        END LOOP;
        DELETE FROM poolhouse.commits AS c
        WHERE c.partition = home AND c.origin = commit_batch.origin AND c.number = commit_batch.number;
        RETURN 0::bigint || seen;
    END IF;

    FOR i IN 1..total LOOP
        CONTINUE WHEN puts[i] = 0 AND NOT deletes[i] AND NOT fresh[i];
        new_names := entry_names[i]::text[];
        new_values := entry_values[i]::text[];
        IF NOT fresh[i] THEN
            SELECT r.version, r.index_names, r.index_values INTO held FROM poolhouse.rows AS r
            WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i];
        END IF;
        IF puts[i] = 0 THEN
            IF NOT fresh[i] THEN
                PERFORM poolhouse.delete_entries(partitions[i], collections[i], keys[i], held.index_names, held.index_values);
            END IF;
            DELETE FROM poolhouse.rows AS r
            WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i];
        ELSIF fresh[i] THEN
            PERFORM poolhouse.insert_entries(partitions[i], collections[i], keys[i], new_names, new_values);
        ELSE
            UPDATE poolhouse.rows AS r SET
                version = puts[i] + CASE WHEN deletes[i] THEN 0 ELSE held.version END,
                expires_at = expiries[i], index_names = new_names, index_values = new_values, body = bodies[i]
            WHERE r.partition = partitions[i] AND r.collection = collections[i] AND r.key = keys[i];
            IF held.index_names IS DISTINCT FROM new_names OR held.index_values IS DISTINCT FROM new_values THEN
                PERFORM poolhouse.delete_entries(partitions[i], collections[i], keys[i], held.index_names, held.index_values);
                PERFORM poolhouse.insert_entries(partitions[i], collections[i], keys[i], new_names, new_values);
            END IF;
        END IF;
    END LOOP;
    RETURN 1::bigint || seen;
END
$$;

CREATE FUNCTION poolhouse.insert_entries(p text, c text, k text, names text[], vals text[])
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    FOR i IN 1..coalesce(array_length(names, 1), 0) LOOP
        INSERT INTO poolhouse.index_entries (partition, collection, name, value, key)
        VALUES (p, c, names[i], vals[i], k) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

CREATE FUNCTION poolhouse.delete_entries(p text, c text, k text, names text[], vals text[])
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    FOR i IN 1..coalesce(array_length(names, 1), 0) LOOP
        DELETE FROM poolhouse.index_entries AS e
        WHERE e.partition = p AND e.collection = c AND e.name = names[i] AND e.value = vals[i] AND e.key = k;
    END LOOP;
END
$$;

-- Deletes up to so many expired rows. Rows that someone else holds are left to the next time, so sweeps on many nodes at
-- once, and commits beside them, do not wait for one another.
CREATE FUNCTION poolhouse.sweep_rows(origin bigint, number bigint, now_ms bigint, most integer)
RETURNS text[] LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    swept text[] := '{}';
    old record;
BEGIN
    FOR old IN
        SELECT r.partition, r.collection, r.key, r.index_names, r.index_values FROM poolhouse.rows AS r
        WHERE r.expires_at <= now_ms ORDER BY r.expires_at LIMIT most FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM poolhouse.delete_entries(old.partition, old.collection, old.key, old.index_names, old.index_values);
        DELETE FROM poolhouse.rows AS r
        WHERE r.partition = old.partition AND r.collection = old.collection AND r.key = old.key;
        swept := swept || ARRAY[old.partition, old.collection, old.key]::text[];
    END LOOP;
    IF cardinality(swept) > 0 THEN
        INSERT INTO poolhouse.commits (partition, origin, number, changed)
        VALUES (swept[1], sweep_rows.origin, sweep_rows.number, swept);
    END IF;
    RETURN swept;
END
$$;

-- Takes away up to so many rows that nobody asks for any more. Of the eldest only, so that it never walks over all of them.
CREATE FUNCTION poolhouse.trim_commits(most integer) RETURNS bigint LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    trimmed bigint;
BEGIN
    WITH eldest AS MATERIALIZED (
        SELECT c.partition, c.origin, c.number, c.at FROM poolhouse.commits AS c ORDER BY c.txid LIMIT most
    ), old AS MATERIALIZED (
        SELECT c.partition, c.origin, c.number FROM poolhouse.commits AS c JOIN eldest USING (partition, origin, number)
        WHERE eldest.at < now() - interval '10 minutes' FOR UPDATE OF c SKIP LOCKED
    )
    DELETE FROM poolhouse.commits AS c USING old
    WHERE c.partition = old.partition AND c.origin = old.origin AND c.number = old.number;
    GET DIAGNOSTICS trimmed = ROW_COUNT;
    RETURN trimmed;
END
$$;

-- What became visible since a snapshot, less what one origin did; first the snapshot that this was seen in, and when the
-- server was started.
CREATE FUNCTION poolhouse.changes_since(since text, but bigint, most bigint)
RETURNS TABLE (origin bigint, changed text[]) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT NULL::bigint, ARRAY[pg_current_snapshot()::text, pg_postmaster_start_time()::text];
    IF since <> '' THEN
        RETURN QUERY SELECT c.origin, c.changed FROM poolhouse.commits AS c
            WHERE c.txid >= pg_snapshot_xmin(since::pg_snapshot)
            AND NOT pg_visible_in_snapshot(c.txid, since::pg_snapshot) AND c.origin <> but LIMIT most;
    END IF;
END
$$;
