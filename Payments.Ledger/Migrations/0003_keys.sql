-- API keys and their owners. Idempotency keys belong to the owner, so rotating an API key pays nothing twice.

CREATE TABLE key_owners (
    id integer GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    CONSTRAINT key_owners_pkey PRIMARY KEY (id),
    CONSTRAINT key_owners_name_key UNIQUE (name)
);

CREATE TABLE api_keys (
    id uuid NOT NULL,
    owner_id integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES key_owners (id),
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT api_keys_key_hash_is_sha256 CHECK (octet_length(key_hash) = 32)
);

COMMENT ON COLUMN api_keys.key_hash IS
    'SHA-256 of the key. A key is 32 random bytes, so a fast hash without salt is enough.';

GRANT SELECT ON key_owners, api_keys TO payments_app;
