-- The registrations of an S-CSCF under the names that Kamailio has for them before 6.0.3. Later: ims_usrloc_scscf.sql.
-- Module ims_usrloc_scscf works with either. Modules for authentication have another table
-- called subscriber: they cannot share a database with this one. Needs the table `version`.

CREATE TABLE impu (
    id SERIAL PRIMARY KEY NOT NULL,
    -- SIP or tel URI of the public identity
    impu VARCHAR(255) NOT NULL,
    barring INTEGER DEFAULT 0,
    -- 1 registered, -1 not registered but served
    reg_state INTEGER DEFAULT 0,
    -- charging functions
    ccf1 VARCHAR(255) DEFAULT NULL,
    ccf2 VARCHAR(255) DEFAULT NULL,
    ecf1 VARCHAR(255) DEFAULT NULL,
    ecf2 VARCHAR(255) DEFAULT NULL,
    -- the user with all profiles, as the HSS gave them
    ims_subscription_data BYTEA,
    -- ours: empty for domain location
    domain VARCHAR(64) NOT NULL DEFAULT '',
    CONSTRAINT impu_impu UNIQUE (impu, domain)
);

INSERT INTO version (table_name, table_version) VALUES ('impu', 6);

CREATE TABLE contact (
    id SERIAL PRIMARY KEY NOT NULL,
    -- Contact URI
    contact VARCHAR(255) NOT NULL,
    -- parameters of the Contact header: name=value;name
    params VARCHAR(1024) DEFAULT NULL,
    path VARCHAR(1024) DEFAULT NULL,
    received VARCHAR(255) DEFAULT NULL,
    user_agent VARCHAR(255) DEFAULT NULL,
    -- 1970: never
    expires TIMESTAMP WITHOUT TIME ZONE DEFAULT NULL,
    callid VARCHAR(255) DEFAULT NULL,
    -- ours, from here on; in thousandths
    q INTEGER DEFAULT NULL,
    cseq INTEGER DEFAULT NULL,
    flags INTEGER DEFAULT NULL,
    cflags INTEGER DEFAULT NULL,
    methods INTEGER DEFAULT NULL,
    socket VARCHAR(128) DEFAULT NULL,
    last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT NULL,
    -- over the columns that are not ours, as they were when ours were written
    checksum INTEGER DEFAULT NULL,
    CONSTRAINT contact_contact UNIQUE (contact)
);

INSERT INTO version (table_name, table_version) VALUES ('contact', 6);

-- the contacts of an identity
CREATE TABLE impu_contact (
    id SERIAL PRIMARY KEY NOT NULL,
    impu_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    CONSTRAINT impu_contact_impu_id UNIQUE (impu_id, contact_id)
);

CREATE INDEX impu_contact_contact_id_idx ON impu_contact (contact_id);

INSERT INTO version (table_name, table_version) VALUES ('impu_contact', 6);

-- subscriptions to the reg event
CREATE TABLE subscriber (
    id SERIAL PRIMARY KEY NOT NULL,
    watcher_uri VARCHAR(255) NOT NULL,
    watcher_contact VARCHAR(255) NOT NULL,
    presentity_uri VARCHAR(255) NOT NULL,
    event INTEGER NOT NULL,
    expires TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    -- of the last document
    version INTEGER NOT NULL,
    -- of the last NOTIFY
    local_cseq INTEGER NOT NULL,
    call_id VARCHAR(255) NOT NULL,
    from_tag VARCHAR(128) NOT NULL,
    to_tag VARCHAR(128) NOT NULL,
    record_route TEXT NOT NULL,
    sockinfo_str VARCHAR(128) NOT NULL,
    CONSTRAINT subscriber_contact UNIQUE (event, watcher_contact, presentity_uri)
);

INSERT INTO version (table_name, table_version) VALUES ('subscriber', 6);

-- the watchers of an identity
CREATE TABLE impu_subscriber (
    id SERIAL PRIMARY KEY NOT NULL,
    impu_id INTEGER NOT NULL,
    subscriber_id INTEGER NOT NULL,
    CONSTRAINT impu_subscriber_impu_id UNIQUE (impu_id, subscriber_id)
);

CREATE INDEX impu_subscriber_subscriber_id_idx ON impu_subscriber (subscriber_id);

INSERT INTO version (table_name, table_version) VALUES ('impu_subscriber', 6);
