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
CREATE INDEX ticket_newest ON ticket (seeder, id);

CREATE INDEX ticket_epoch ON ticket (epoch, leecher);

-- Each accepted receipt that says more than the one before, numbered as they were
-- accepted. amount is cumulative, credited what of the increase counts, epoch the
-- one in which it counts. Without the salt nobody finds it in the public log.
CREATE TABLE increase (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket    BIGINT NOT NULL REFERENCES ticket,
    amount    BIGINT NOT NULL CHECK (amount > 0),
    credited  BIGINT NOT NULL CHECK (credited BETWEEN 0 AND amount),
    epoch     BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    signature BYTEA NOT NULL CHECK (length(signature) = 64),
    time      BIGINT NOT NULL,
    salt      BYTEA NOT NULL CHECK (length(salt) = 16),
    UNIQUE (ticket, amount)
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
CREATE INDEX stay_account ON stay (account, work);

-- Which lists of stays were taken, so that one that comes again adds nothing. Those of closed epochs would be refused anyway.
CREATE TABLE told (
    id    BYTEA PRIMARY KEY CHECK (length(id) = 16),
    epoch BIGINT NOT NULL
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

-- The tables of epochs, by their SHA-256.
CREATE TABLE log_table (
    hash  BYTEA PRIMARY KEY CHECK (length(hash) = 32),
    bytes BYTEA NOT NULL
);

-- Closed epochs, with their tables: what each was computed from and what it pays, as anybody can compute it again;
-- and the record that the public log has of them.
CREATE TABLE epoch (
    number  BIGINT PRIMARY KEY,
    bytes   BIGINT NOT NULL CHECK (bytes >= 0),
    paid    BIGINT NOT NULL CHECK (paid >= 0),
    closed  BIGINT NOT NULL,
    inputs  BYTEA NOT NULL REFERENCES log_table,
    payouts BYTEA NOT NULL REFERENCES log_table,
    record  BYTEA NOT NULL CHECK (length(record) <= 4096)
);

-- An epoch's pay, line by line. source is a pool or a boost; all zero is none, and so is the work of a grant.
CREATE TABLE pay (
    account BYTEA NOT NULL REFERENCES person,
    epoch   BIGINT NOT NULL REFERENCES epoch,
    kind    TEXT NOT NULL,
    work    BYTEA NOT NULL CHECK (length(work) = 20),
    source  BYTEA NOT NULL CHECK (length(source) = 16),
    basis   BIGINT NOT NULL CHECK (basis >= 0),
    counted BIGINT NOT NULL CHECK (counted >= 0),
    weight  BIGINT NOT NULL CHECK (weight >= 0),
    amount  BIGINT NOT NULL CHECK (amount >= 0),
    reason  TEXT NOT NULL,
    PRIMARY KEY (account, epoch, kind, work, source)
);

-- What was earned in an epoch is held until the epoch due is closed.
CREATE TABLE holding (
    account BYTEA NOT NULL REFERENCES person,
    epoch   BIGINT NOT NULL REFERENCES epoch,
    due     BIGINT NOT NULL CHECK (due > epoch),
    amount  BIGINT NOT NULL CHECK (amount > 0),
    matured SMALLINT NOT NULL DEFAULT 0 CHECK (matured IN (0, 1)),
    PRIMARY KEY (account, epoch, due)
);
CREATE INDEX holding_due ON holding (due) WHERE matured = 0;

-- How seeders have served the server's own downloaders.
CREATE TABLE audit (
    id      BYTEA PRIMARY KEY CHECK (length(id) = 16),
    epoch   BIGINT NOT NULL,
    account BYTEA NOT NULL REFERENCES person,
    work    BYTEA NOT NULL REFERENCES work,
    passed  SMALLINT NOT NULL CHECK (passed IN (0, 1)),
    why     TEXT NOT NULL,
    time    BIGINT NOT NULL
);
CREATE INDEX audit_failed ON audit (epoch, account) WHERE passed = 0;

-- What peers lock on works for some epochs, and what of it each epoch has.
CREATE TABLE boost (
    id     BYTEA PRIMARY KEY CHECK (length(id) = 16),
    work   BYTEA NOT NULL REFERENCES work,
    owner  BYTEA NOT NULL REFERENCES person,
    price  BIGINT NOT NULL CHECK (price > 0),
    promo  SMALLINT NOT NULL CHECK (promo IN (0, 1)),
    first  BIGINT NOT NULL,
    epochs BIGINT NOT NULL CHECK (epochs > 0),
    time   BIGINT NOT NULL
);
CREATE INDEX boost_owner ON boost (owner, first);
CREATE INDEX boost_work ON boost (work);

CREATE TABLE slice (
    epoch  BIGINT NOT NULL,
    boost  BYTEA NOT NULL REFERENCES boost,
    amount BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (epoch, boost)
);
CREATE INDEX slice_boost ON slice (boost, epoch);

-- What creators pay for their works' bytes on top, until the epoch last is closed.
CREATE TABLE pool (
    id     BYTEA PRIMARY KEY CHECK (length(id) = 16),
    work   BYTEA NOT NULL REFERENCES work,
    owner  BYTEA NOT NULL REFERENCES person,
    amount BIGINT NOT NULL CHECK (amount > 0),
    rate   BIGINT NOT NULL CHECK (rate > 0),
    last   BIGINT NOT NULL,
    time   BIGINT NOT NULL,
    ended  SMALLINT NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
);
CREATE INDEX pool_owner ON pool (owner, last);
CREATE INDEX pool_work ON pool (work, last);
CREATE INDEX pool_last ON pool (last) WHERE ended = 0;

-- What accounts write to the operator about a line of an epoch's pay, or with an empty kind about a receipt that was refused; and what that
-- said then. The answer is empty as long as there is none.
CREATE TABLE appeal (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account  BYTEA NOT NULL REFERENCES person,
    kind     TEXT NOT NULL,
    epoch    BIGINT NOT NULL,
    work     BYTEA NOT NULL CHECK (length(work) = 20),
    source   BYTEA NOT NULL CHECK (length(source) = 16),
    serial   BYTEA NOT NULL CHECK (length(serial) = 16),
    basis    BIGINT NOT NULL CHECK (basis >= 0),
    credits  BIGINT NOT NULL CHECK (credits >= 0),
    reason   TEXT NOT NULL,
    note     TEXT NOT NULL CHECK (note <> ''),
    written  BIGINT NOT NULL,
    time     BIGINT NOT NULL,
    answer   TEXT NOT NULL DEFAULT '',
    answered BIGINT NOT NULL DEFAULT 0 CHECK ((answered > 0) = (answer <> '')),
    UNIQUE (account, kind, epoch, work, source, serial)
);
CREATE INDEX appeal_newest ON appeal (account, id);
CREATE INDEX appeal_written ON appeal (account, written);
CREATE INDEX appeal_open ON appeal (id) WHERE answered = 0;

-- What an account takes along from one epoch into the next.
CREATE TABLE repute (
    account    BYTEA PRIMARY KEY REFERENCES person,
    reputation BIGINT NOT NULL CHECK (reputation BETWEEN 0 AND 1000),
    granted    SMALLINT NOT NULL CHECK (granted IN (0, 1))
);

-- How many networks downloaded a work in an epoch.
CREATE TABLE reach (
    work  BYTEA NOT NULL REFERENCES work,
    epoch BIGINT NOT NULL REFERENCES epoch,
    nets  BIGINT NOT NULL CHECK (nets > 0),
    PRIMARY KEY (work, epoch)
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

-- The public log: tiles of hashes, and of records at level -1; where a leaf is;
-- epochs' tables by their SHA-256; and the tree, with the last increase and the
-- last deposit that it has.
CREATE TABLE log_tile (
    level  BIGINT NOT NULL CHECK (level BETWEEN -1 AND 7),
    number BIGINT NOT NULL CHECK (number >= 0),
    data   BYTEA NOT NULL,
    PRIMARY KEY (level, number)
);
ALTER TABLE log_tile ALTER data SET STORAGE EXTERNAL; -- hashes cannot be compressed

CREATE TABLE log_leaf (
    hash   BYTEA PRIMARY KEY CHECK (length(hash) = 32),
    number BIGINT NOT NULL CHECK (number >= 0)
);

CREATE TABLE log_tree (
    one      SMALLINT PRIMARY KEY CHECK (one = 1),
    size     BIGINT NOT NULL,
    root     BYTEA NOT NULL CHECK (length(root) = 32),
    increase BIGINT NOT NULL,
    deposit  BIGINT NOT NULL
);
INSERT INTO log_tree (one, size, root, increase, deposit) VALUES (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0);

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
CREATE TRIGGER pay_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON pay EXECUTE FUNCTION stays();
CREATE TRIGGER holding_stays BEFORE UPDATE OF account, epoch, due, amount ON holding EXECUTE FUNCTION stays();
CREATE TRIGGER holding_remains BEFORE DELETE OR TRUNCATE ON holding EXECUTE FUNCTION stays();
CREATE TRIGGER log_tile_grows BEFORE UPDATE ON log_tile FOR EACH ROW
    WHEN (substr(NEW.data, 1, length(OLD.data)) <> OLD.data OR NEW.level <> OLD.level OR NEW.number <> OLD.number) EXECUTE FUNCTION stays();
CREATE TRIGGER log_tile_remains BEFORE DELETE OR TRUNCATE ON log_tile EXECUTE FUNCTION stays();
CREATE TRIGGER log_leaf_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log_leaf EXECUTE FUNCTION stays();
CREATE TRIGGER log_table_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log_table EXECUTE FUNCTION stays();
CREATE TRIGGER log_tree_grows BEFORE UPDATE ON log_tree FOR EACH ROW WHEN (NEW.size < OLD.size) EXECUTE FUNCTION stays();
CREATE TRIGGER log_tree_remains BEFORE DELETE OR TRUNCATE ON log_tree EXECUTE FUNCTION stays();
CREATE TRIGGER boost_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON boost EXECUTE FUNCTION stays();
CREATE TRIGGER slice_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON slice EXECUTE FUNCTION stays();
CREATE TRIGGER pool_stays BEFORE UPDATE OF id, work, owner, amount, rate, last, time ON pool EXECUTE FUNCTION stays();
CREATE TRIGGER pool_remains BEFORE DELETE OR TRUNCATE ON pool EXECUTE FUNCTION stays();
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION stays();
CREATE TRIGGER appeal_stays BEFORE UPDATE OF id, account, kind, epoch, work, source, serial, basis, credits, reason, note, written, time
    ON appeal EXECUTE FUNCTION stays();
CREATE TRIGGER appeal_answered BEFORE UPDATE ON appeal FOR EACH ROW WHEN (OLD.answered > 0) EXECUTE FUNCTION stays();
CREATE TRIGGER appeal_remains BEFORE DELETE OR TRUNCATE ON appeal EXECUTE FUNCTION stays();
