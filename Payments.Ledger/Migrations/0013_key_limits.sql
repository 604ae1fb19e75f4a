-- How many requests a second an API key may send, where that is not the default's business.

ALTER TABLE api_keys
    ADD COLUMN requests_per_second integer,
    ADD CONSTRAINT api_keys_requests_per_second_positive CHECK (requests_per_second > 0);

COMMENT ON COLUMN api_keys.requests_per_second IS
    'For each process of the API; NULL: the setting RateLimits:RequestsPerSecond decides.';
