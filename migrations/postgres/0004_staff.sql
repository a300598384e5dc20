-- Names are not given twice: a disabled user and a revoked token stay, so that the audit is clear.
CREATE TABLE users (
    name          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- A PHC string.
    password_hash TEXT   NOT NULL,
    role          TEXT   NOT NULL
        CHECK (role IN ('operator', 'supervisor', 'auditor', 'admin')),
    -- 1: every branch; 0: those of user_branches.
    all_branches  BIGINT NOT NULL CHECK (all_branches IN (0, 1)),
    created_us    BIGINT NOT NULL,
    disabled_us   BIGINT
);

CREATE TABLE user_branches (
    user_name TEXT COLLATE "C" NOT NULL REFERENCES users (name),
    branch_id TEXT COLLATE "C" NOT NULL REFERENCES branches (id),
    PRIMARY KEY (user_name, branch_id)
);

CREATE TABLE sessions (
    -- SHA-256 of the token; the token itself is in the browser alone.
    token_digest BYTEA  NOT NULL PRIMARY KEY,
    user_name    TEXT COLLATE "C" NOT NULL REFERENCES users (name),
    csrf         TEXT   NOT NULL,
    created_us   BIGINT NOT NULL,
    expires_us   BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_name);
CREATE INDEX sessions_by_end ON sessions (expires_us);

-- Sign-ins that failed, by slot: a slot stands for all names whose digest begins alike.
CREATE TABLE login_failures (
    slot            BIGINT NOT NULL PRIMARY KEY CHECK (slot BETWEEN 0 AND 65535),
    failures        BIGINT NOT NULL,
    latest_us       BIGINT NOT NULL,
    locked_until_us BIGINT NOT NULL
);

CREATE TABLE tokens (
    name         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- SHA-256 of the token.
    digest       BYTEA  NOT NULL UNIQUE,
    scope        TEXT   NOT NULL,
    -- 1: every branch; 0: those of token_branches.
    all_branches BIGINT NOT NULL CHECK (all_branches IN (0, 1)),
    created_us   BIGINT NOT NULL,
    revoked_us   BIGINT
);

CREATE TABLE token_branches (
    token_name TEXT COLLATE "C" NOT NULL REFERENCES tokens (name),
    branch_id  TEXT COLLATE "C" NOT NULL REFERENCES branches (id),
    PRIMARY KEY (token_name, branch_id)
);
