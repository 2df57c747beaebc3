-- Blobs: renewed, published and deleted each in one call.

-- Whether the blob was there already; then only the time it was put changes.
CREATE FUNCTION poolhouse.renew_blob(hash text, bytes bigint, now_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE poolhouse.blobs SET put_at = now_ms WHERE sha256 = hash AND length = bytes;
    RETURN FOUND;
END
$$;

-- Makes an upload the blob's content. One that comes second takes its chunks away again.
CREATE FUNCTION poolhouse.publish_blob(hash text, up bigint, bytes bigint, parts integer, now_ms bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO poolhouse.blobs AS b (sha256, upload, length, chunks, put_at) VALUES (hash, up, bytes, parts, now_ms)
    ON CONFLICT (sha256) DO UPDATE SET put_at = excluded.put_at;
    DELETE FROM poolhouse.blob_uploads WHERE sha256 = hash AND upload = up;
    PERFORM 1 FROM poolhouse.blobs WHERE sha256 = hash AND upload = up;
    IF NOT FOUND THEN
        DELETE FROM poolhouse.blob_chunks WHERE sha256 = hash AND upload = up;
    END IF;
END
$$;

-- Whether it is gone now. One that was put at unless_since or later stays.
CREATE FUNCTION poolhouse.delete_blob(hash text, unless_since bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM poolhouse.blobs WHERE sha256 = hash AND (unless_since IS NULL OR put_at < unless_since)
    RETURNING upload INTO gone;
    IF FOUND THEN
        DELETE FROM poolhouse.blob_chunks WHERE sha256 = hash AND upload = gone;
        RETURN true;
    END IF;
    PERFORM 1 FROM poolhouse.blobs WHERE sha256 = hash;
    RETURN NOT FOUND;
END
$$;

-- What a crash left of an upload, a day later.
CREATE FUNCTION poolhouse.forget_uploads(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN SELECT sha256, upload FROM poolhouse.blob_uploads WHERE at < now() - interval '1 day'
        LIMIT most FOR UPDATE SKIP LOCKED
    LOOP
        DELETE FROM poolhouse.blob_chunks WHERE sha256 = old.sha256 AND upload = old.upload;
        DELETE FROM poolhouse.blob_uploads WHERE sha256 = old.sha256 AND upload = old.upload;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END
$$;
