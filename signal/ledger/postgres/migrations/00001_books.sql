-- Bytes are bytes, amounts µ-credits, times Unix milliseconds. Accounts of people
-- are the 16 bytes of their id, works the 20 bytes of their infohash.

-- +goose Up
CREATE TABLE setting (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE person (
    account    BYTEA PRIMARY KEY CHECK (length(account) = 16),
    public_key BYTEA NOT NULL UNIQUE CHECK (length(public_key) = 32),
    registered BIGINT NOT NULL
);

CREATE TABLE work (
    infohash     BYTEA PRIMARY KEY CHECK (length(infohash) = 20),
    ticket_hash  BYTEA NOT NULL UNIQUE CHECK (length(ticket_hash) = 32),
    name         TEXT NOT NULL,
    length       BIGINT NOT NULL CHECK (length >= 0),
    piece_length BIGINT NOT NULL CHECK (piece_length > 0),
    files        BIGINT NOT NULL CHECK (files > 0),
    leaves       BIGINT NOT NULL CHECK (leaves >= 0),
    weak         SMALLINT NOT NULL CHECK (weak IN (0, 1)),
    common       SMALLINT NOT NULL CHECK (common IN (0, 1)),
    publisher    BYTEA NOT NULL REFERENCES person,
    published    BIGINT NOT NULL,
    removed      SMALLINT NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
);
CREATE INDEX work_newest ON work (removed, published, infohash);

CREATE TABLE torrent (
    infohash BYTEA PRIMARY KEY REFERENCES work,
    bytes    BYTEA NOT NULL
);

CREATE TABLE ticket (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial     BYTEA NOT NULL UNIQUE CHECK (length(serial) = 16),
    epoch      BIGINT NOT NULL,
    seeder     BYTEA NOT NULL REFERENCES person,
    leecher    BYTEA NOT NULL REFERENCES person,
    work       BYTEA NOT NULL REFERENCES work,
    channel    BYTEA NOT NULL CHECK (length(channel) = 32),
    byte_limit BIGINT NOT NULL CHECK (byte_limit >= 0),
    issued     BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    settle_by  BIGINT NOT NULL,
    flags      BIGINT NOT NULL,
    signature  BYTEA NOT NULL CHECK (length(signature) = 64)
);

CREATE INDEX ticket_epoch ON ticket (epoch, leecher);

-- Each accepted receipt that says more than the one before. amount is cumulative,
-- credited what of the increase counts, epoch the one in which it counts.
CREATE TABLE increase (
    ticket    BIGINT NOT NULL REFERENCES ticket,
    amount    BIGINT NOT NULL CHECK (amount > 0),
    credited  BIGINT NOT NULL CHECK (credited BETWEEN 0 AND amount),
    epoch     BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    signature BYTEA NOT NULL CHECK (length(signature) = 64),
    time      BIGINT NOT NULL,
    PRIMARY KEY (ticket, amount)
);

-- Sums of increase, written with it.
CREATE TABLE credit (
    epoch   BIGINT NOT NULL,
    seeder  BYTEA NOT NULL,
    work    BYTEA NOT NULL,
    leecher BYTEA NOT NULL,
    bytes   BIGINT NOT NULL CHECK (bytes >= 0),
    capped  SMALLINT NOT NULL CHECK (capped IN (0, 1)),
    PRIMARY KEY (epoch, seeder, work, leecher)
);
CREATE INDEX increase_epoch ON increase (epoch);
CREATE INDEX credit_seeder ON credit (seeder, epoch);

-- In which network an account was first seen in an epoch.
CREATE TABLE presence (
    account BYTEA NOT NULL REFERENCES person,
    epoch   BIGINT NOT NULL,
    net     BYTEA NOT NULL CHECK (length(net) = 8),
    PRIMARY KEY (account, epoch)
);

-- For how long an account seeded a work in an epoch, and how its storage proofs ended.
CREATE TABLE stay (
    epoch   BIGINT NOT NULL,
    account BYTEA NOT NULL REFERENCES person,
    work    BYTEA NOT NULL REFERENCES work,
    minutes BIGINT NOT NULL CHECK (minutes >= 0),
    asked   BIGINT NOT NULL CHECK (asked >= 0),
    passed  BIGINT NOT NULL CHECK (passed BETWEEN 0 AND asked),
    PRIMARY KEY (epoch, account, work)
);

-- What is credited of each copy. A batch is about few works and many leechers: their rows lie together.
CREATE TABLE copy (
    work    BYTEA NOT NULL,
    leecher BYTEA NOT NULL,
    bytes   BIGINT NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (work, leecher)
);

CREATE TABLE refused (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account BYTEA NOT NULL REFERENCES person,
    known   SMALLINT NOT NULL CHECK (known IN (0, 1)),
    serial  BYTEA NOT NULL,
    amount  BIGINT NOT NULL,
    reason  TEXT NOT NULL,
    time    BIGINT NOT NULL
);
CREATE INDEX refused_newest ON refused (account, known, id);

CREATE TABLE epoch (
    number BIGINT PRIMARY KEY,
    rate   BIGINT NOT NULL CHECK (rate >= 0),
    bytes  BIGINT NOT NULL CHECK (bytes >= 0),
    paid   BIGINT NOT NULL CHECK (paid >= 0),
    closed BIGINT NOT NULL
);

-- Double entry. least is the lowest balance allowed; none for the funding source.
CREATE TABLE balance (
    account TEXT COLLATE "C" PRIMARY KEY,
    amount  BIGINT NOT NULL DEFAULT 0,
    least   BIGINT,
    CHECK (least IS NULL OR amount >= least)
);

CREATE TABLE transfer (
    id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key  TEXT COLLATE "C" NOT NULL UNIQUE,
    time BIGINT NOT NULL
);

CREATE TABLE entry (
    transfer BIGINT NOT NULL REFERENCES transfer,
    account  TEXT COLLATE "C" NOT NULL REFERENCES balance,
    amount   BIGINT NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transfer, account)
);

-- What was written stays written.
-- +goose StatementBegin
CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never %', TG_TABLE_NAME, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER person_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON person EXECUTE FUNCTION stays();
CREATE TRIGGER work_stays BEFORE UPDATE OF infohash, ticket_hash, name, length, piece_length, files, leaves, weak, publisher, published
    ON work EXECUTE FUNCTION stays();
CREATE TRIGGER work_remains BEFORE DELETE OR TRUNCATE ON work EXECUTE FUNCTION stays();
CREATE TRIGGER ticket_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket EXECUTE FUNCTION stays();
CREATE TRIGGER increase_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON increase EXECUTE FUNCTION stays();
CREATE TRIGGER epoch_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON epoch EXECUTE FUNCTION stays();
CREATE TRIGGER transfer_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer EXECUTE FUNCTION stays();
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON entry EXECUTE FUNCTION stays();
