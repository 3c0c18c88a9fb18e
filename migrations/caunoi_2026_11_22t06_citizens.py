"""Citizens' accounts: addresses they proved, one-time codes, consents; how long things are kept."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T06:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "identities, sign-in codes, consents, retention"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# A citizen's account is whoever can prove one of its identities: a telephone number, an e-mail
# address, or a subject of an identity provider. The account's row outlives the person's data:
# events name it, and it names nobody once it is closed.
ACCOUNTS = """
ALTER TABLE account
    ADD COLUMN language text NOT NULL DEFAULT 'vi' CONSTRAINT account_language CHECK (language IN ('vi', 'en')),
    ADD COLUMN last_sign_in_at timestamptz,
    ADD COLUMN closed_at timestamptz;
CREATE INDEX account_idle_idx ON account (last_sign_in_at) WHERE role = 'citizen' AND closed_at IS NULL;

CREATE TABLE account_identity (
    id uuid CONSTRAINT account_identity_pkey PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT account_identity_account_fkey REFERENCES account ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT account_identity_kind CHECK (kind IN ('phone', 'email', 'oidc')),
    issuer text NOT NULL DEFAULT '',
    value text NOT NULL CONSTRAINT account_identity_value CHECK (char_length(value) BETWEEN 1 AND 255),
    verified_at timestamptz NOT NULL,
    CONSTRAINT account_identity_issuer CHECK ((kind = 'oidc') = (issuer <> '')),
    CONSTRAINT account_identity_key UNIQUE (kind, issuer, value)
);
CREATE INDEX account_identity_account_idx ON account_identity (account_id);

-- The code itself is stored nowhere, not even as a hash: it is derived from the installation's key
-- and the row's id. `request_hash` binds it to whoever asked for it.
CREATE TABLE sign_in_code (
    id uuid CONSTRAINT sign_in_code_pkey PRIMARY KEY,
    request_hash bytea NOT NULL CONSTRAINT sign_in_code_request_key UNIQUE
        CONSTRAINT sign_in_code_request_length CHECK (length(request_hash) = 32),
    kind text NOT NULL CONSTRAINT sign_in_code_kind CHECK (kind IN ('phone', 'email')),
    address text NOT NULL,
    language text NOT NULL,
    account_id uuid CONSTRAINT sign_in_code_account_fkey REFERENCES account ON DELETE CASCADE,
    guesses smallint NOT NULL DEFAULT 0 CONSTRAINT sign_in_code_guesses CHECK (guesses BETWEEN 0 AND 5),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    sent_at timestamptz,
    used_at timestamptz
);
CREATE INDEX sign_in_code_address_idx ON sign_in_code (address, kind) WHERE used_at IS NULL;
CREATE INDEX sign_in_code_expires_idx ON sign_in_code (expires_at);

-- A sign-in under way at an identity provider, taken once when the browser comes back.
CREATE TABLE oidc_attempt (
    state_hash bytea CONSTRAINT oidc_attempt_pkey PRIMARY KEY,
    browser_hash bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    goes_to text NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL
);
CREATE INDEX oidc_attempt_expires_idx ON oidc_attempt (expires_at);
"""

# Consent is given to one version of one text, for one purpose; what was given or taken back, and
# when, is never changed. A new version that `renews` lets consents to earlier ones lapse.
CONSENTS = """
CREATE TABLE consent_text (
    purpose text NOT NULL CONSTRAINT consent_text_purpose CHECK (purpose ~ '^[a-z][a-z_]{1,40}$'),
    version integer NOT NULL CONSTRAINT consent_text_version CHECK (version > 0),
    title_vi text NOT NULL,
    title_en text NOT NULL,
    text_vi text NOT NULL,
    text_en text NOT NULL,
    law text NOT NULL DEFAULT '',
    position smallint NOT NULL DEFAULT 0,
    renews boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT false,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consent_text_pkey PRIMARY KEY (purpose, version)
);
CREATE UNIQUE INDEX consent_text_one_active ON consent_text (purpose) WHERE is_active;

CREATE TABLE consent (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT consent_pkey PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT consent_account_fkey REFERENCES account ON DELETE CASCADE,
    purpose text NOT NULL,
    version integer NOT NULL,
    is_given boolean NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT consent_text_fkey FOREIGN KEY (purpose, version) REFERENCES consent_text ON DELETE RESTRICT
);
CREATE INDEX consent_account_idx ON consent (account_id, purpose, id DESC);
CREATE TRIGGER consent_never_changed BEFORE UPDATE ON consent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

# How long things are kept: one document a version, of which one is in force; and what was done.
RETENTION = """
CREATE TABLE retention_rule (
    version integer CONSTRAINT retention_rule_pkey PRIMARY KEY
        CONSTRAINT retention_rule_version CHECK (version > 0),
    body jsonb NOT NULL,
    note text NOT NULL DEFAULT '',
    is_active boolean NOT NULL DEFAULT false,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX retention_rule_one_active ON retention_rule (is_active) WHERE is_active;

CREATE TABLE retention_run (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT retention_run_pkey PRIMARY KEY,
    at timestamptz NOT NULL,
    rule_version integer NOT NULL CONSTRAINT retention_run_rule_fkey REFERENCES retention_rule ON DELETE RESTRICT,
    kind text NOT NULL,
    removed bigint NOT NULL
);
CREATE INDEX retention_run_at_idx ON retention_run (at DESC, id DESC);

CREATE INDEX device_registered_idx ON device (registered_at);
CREATE INDEX device_dropped_idx ON device (dropped_at) WHERE dropped_at IS NOT NULL;
CREATE INDEX notification_created_idx ON notification USING brin (created_at);
"""

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON account_identity, sign_in_code TO caunoi_app;
GRANT SELECT, INSERT, DELETE ON oidc_attempt TO caunoi_app;
GRANT SELECT ON consent_text, retention_rule TO caunoi_app;
GRANT SELECT ON consent_text TO caunoi_public;
GRANT SELECT, INSERT, DELETE ON consent TO caunoi_app;
GRANT SELECT, INSERT ON retention_run TO caunoi_app;
GRANT DELETE ON notification TO caunoi_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO caunoi_app;
"""

# The first versions, in force until an operator loads others (caunoi consents, caunoi retention).
# Consent is asked for by purpose, in words of its own, never ticked beforehand: Nghị định
# 13/2023/NĐ-CP, Điều 11 [S]; since 2026 Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 [L].
FIRST = """
INSERT INTO consent_text (purpose, version, title_vi, title_en, text_vi, text_en, law, position, is_active)
VALUES
('handle_report', 1,
 'Liên hệ về phản ánh',
 'Contact about reports',
 'Tôi đồng ý để cơ quan xử lý phản ánh dùng họ tên, số điện thoại, thư điện tử của tôi để liên hệ về phản ánh tôi gửi. Các thông tin này không được công khai và được xóa khi hết thời hạn lưu trữ.',
 'I agree that the agency handling a report of mine uses my name, telephone number and e-mail address to contact me about it. They are never published, and are erased when their time is over.',
 'Nghị định 13/2023/NĐ-CP, Điều 11; Luật 91/2025/QH15', 1, true),
('notify', 1,
 'Thông báo về phản ánh và khu vực',
 'Notices about reports and areas',
 'Tôi đồng ý nhận thông báo qua thiết bị, thư điện tử hoặc tin nhắn về tiến độ phản ánh của tôi, phản ánh và khu vực tôi theo dõi. Tôi có thể tắt bất cứ lúc nào.',
 'I agree to receive notices on my devices, by e-mail or text message about the progress of my reports and about reports and areas I follow. I can turn this off at any time.',
 'Nghị định 13/2023/NĐ-CP, Điều 11; Luật 91/2025/QH15', 2, true),
('survey', 1,
 'Khảo sát mức độ hài lòng',
 'Satisfaction surveys',
 'Tôi đồng ý để chính quyền tỉnh mời tôi tham gia khảo sát mức độ hài lòng về việc tiếp nhận, xử lý phản ánh. Việc tham gia là tự nguyện.',
 'I agree that the provincial government invites me to surveys on how reports are received and handled. Taking part is voluntary.',
 'Nghị định 13/2023/NĐ-CP, Điều 11; Luật 91/2025/QH15', 3, true);

-- Periods in days; the law leaves them to the controller ("no longer than the purpose needs",
-- Nghị định 13/2023/NĐ-CP, Điều 3 khoản 7 [L]), so they are here and not in code.
INSERT INTO retention_rule (version, body, note, is_active) VALUES (1, '{
    "contacts_after_closing_days": 365,
    "sign_in_codes_after_expiry_days": 1,
    "sessions_after_end_days": 0,
    "devices_after_dropping_days": 30,
    "devices_unseen_days": 400,
    "idempotency_keys_days": 30,
    "quarantined_photos_days": 14,
    "notifications_days": 180,
    "idle_accounts_days": 1095,
    "consents_after_closing_days": 730
}', 'Mặc định khi cài đặt', true);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, ACCOUNTS, CONSENTS, RETENTION, GRANTS, FIRST):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
