-- Who watches which line: one row for each subscription of module sca, so that a restart keeps
-- them. The same table, version 2, as in the scripts that come with Kamailio; use one or the other.
-- Needs the table `version`.

CREATE TABLE sca_subscriptions (
    id SERIAL PRIMARY KEY NOT NULL,
    -- Contact of the phone
    subscriber VARCHAR(255) NOT NULL,
    -- address of the line
    aor VARCHAR(255) NOT NULL,
    -- 1 call-info, 2 line-seize
    event INTEGER DEFAULT 0 NOT NULL,
    -- end of the subscription, seconds since 1970
    expires INTEGER DEFAULT 0 NOT NULL,
    state INTEGER DEFAULT 0 NOT NULL,
    app_idx INTEGER DEFAULT 0 NOT NULL,
    -- the dialog that the phone subscribed in
    call_id VARCHAR(255) NOT NULL,
    from_tag VARCHAR(128) NOT NULL,
    to_tag VARCHAR(128) NOT NULL,
    record_route TEXT,
    notify_cseq INTEGER NOT NULL,
    subscribe_cseq INTEGER NOT NULL,
    -- the server that wrote the row
    server_id INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT sca_subscriptions_dialog_idx UNIQUE (subscriber, call_id, from_tag, to_tag)
);

CREATE INDEX sca_subscriptions_expires_idx ON sca_subscriptions (server_id, expires);
CREATE INDEX sca_subscriptions_event_idx ON sca_subscriptions (subscriber, event);

INSERT INTO version (table_name, table_version) VALUES ('sca_subscriptions', 2);
