"""Words found with and without accents; reports that screening holds; how much a category is used."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T10:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "search without accents, screening, most used categories"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '600s';"

# "Ổ gà" is found by "o ga", "ổ gà" and "Ổ GÀ". Letters are taken apart (NFD) and their marks dropped;
# đ has no mark to drop. In the C collation lower() knows ASCII only, which is all that is left. What
# is neither letter nor digit becomes one space, with one at either end: so a word of two letters is
# looked for as a word (" ga "), and even that has trigrams to be found by.
#
# The folded words stand in a table of their own: an index on report would get a hundred new entries
# with every move of a report, here only when its words change. A trigger keeps it, so that no
# writer (submit, import, demo, erasure) can forget it. No foreign key: its check costs a submit as much
# as the row itself; the trigger follows deletions too.
FOLDED = """
CREATE FUNCTION folded(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ' ' || btrim(regexp_replace(translate(lower(normalize(words, NFD) COLLATE "C"),
        U&'\\0111\\0110\\0300\\0301\\0303\\0309\\0323\\0302\\0306\\031B\\0308\\0327', 'dd'),
        '[^a-z0-9]+', ' ', 'g')) || ' '
$$;

CREATE TABLE report_words (
    report_id uuid CONSTRAINT report_words_pkey PRIMARY KEY,
    folded text NOT NULL
);
-- Nothing is estimated from it, and sampling it would cost as much as sampling the words themselves.
ALTER TABLE report_words ALTER folded SET STATISTICS 0;

INSERT INTO report_words (report_id, folded) SELECT id, folded(text) FROM report;
-- New rows wait in a list of at most 1 MB: an insert stays cheap, and a search reads little of it.
CREATE INDEX report_words_folded_idx ON report_words USING gin (folded gin_trgm_ops)
    WITH (fastupdate = on, gin_pending_list_limit = 1024);

CREATE FUNCTION keep_report_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    CASE TG_OP
        WHEN 'INSERT' THEN
            INSERT INTO report_words (report_id, folded) VALUES (NEW.id, folded(NEW.text));
        WHEN 'UPDATE' THEN
            UPDATE report_words SET folded = folded(NEW.text) WHERE report_id = NEW.id;
        ELSE
            DELETE FROM report_words WHERE report_id = OLD.id;
    END CASE;
    RETURN NULL;
END $$;
CREATE TRIGGER report_words_new AFTER INSERT OR DELETE ON report
    FOR EACH ROW EXECUTE FUNCTION keep_report_words();
CREATE TRIGGER report_words_changed AFTER UPDATE OF text ON report
    FOR EACH ROW WHEN (NEW.text IS DISTINCT FROM OLD.text) EXECUTE FUNCTION keep_report_words();
"""

# The ids of the reports whose words match a pattern of LIKE; NULL when there are so many that walking
# the list in its own order meets a page of them soon. Either way the cost does not follow the size of
# the table. The planner knows nothing of these words, so it is told which way to go; to it has_words
# is a condition that a third of all rows meet and that is dear to ask, so it walks rather than sorts.
# Row-level security would keep the desk from every index on words: LIKE may leak what it reads. The
# desk's function looks past the wall and gives ids alone; the query around it stays behind the wall.
HITS = """
CREATE FUNCTION has_words(words text, pattern text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
BEGIN
    RETURN folded(words) LIKE pattern;
END $$;

CREATE VIEW public_words AS
SELECT w.report_id, w.folded, r.created_at
FROM report_words w
JOIN report r ON r.id = w.report_id
WHERE is_shown(r.visibility, r.is_restricted, r.status);

CREATE FUNCTION public_hits(pattern text) RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off
AS $$
DECLARE found uuid[];
BEGIN
    IF 20 <= (
        SELECT count(*) FILTER (WHERE newest.folded LIKE pattern)
        FROM (SELECT folded FROM public_words ORDER BY created_at DESC LIMIT 1000) AS newest
    ) THEN
        RETURN NULL;
    END IF;
    found := ARRAY(SELECT report_id FROM public_words WHERE folded LIKE pattern LIMIT 5001);
    RETURN CASE WHEN cardinality(found) > 5000 THEN NULL ELSE found END;
END $$;

CREATE FUNCTION desk_hits(pattern text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off
AS $$
DECLARE found uuid[];
BEGIN
    IF 20 <= (
        SELECT count(*) FILTER (WHERE newest.folded LIKE pattern)
        FROM (
            SELECT w.folded FROM report_words w JOIN report r ON r.id = w.report_id
            ORDER BY r.created_at DESC LIMIT 1000
        ) AS newest
    ) THEN
        RETURN NULL;
    END IF;
    found := ARRAY(SELECT report_id FROM report_words WHERE folded LIKE pattern LIMIT 5001);
    RETURN CASE WHEN cardinality(found) > 5000 THEN NULL ELSE found END;
END $$;

REVOKE EXECUTE ON FUNCTION desk_hits, keep_report_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk_hits TO caunoi_app, caunoi_desk;
GRANT SELECT ON public_words TO caunoi_public;
"""

# What screening found in a report: which kinds of thing that must not be published, how sure, by which
# rules. A held report is published only by somebody who says so, never by being accepted.
SCREENING = """
ALTER TABLE report ADD COLUMN is_held boolean NOT NULL DEFAULT false;

CREATE TABLE report_screening (
    report_id uuid CONSTRAINT report_screening_pkey PRIMARY KEY
        CONSTRAINT report_screening_report_fkey REFERENCES report ON DELETE CASCADE,
    kinds text[] NOT NULL CONSTRAINT report_screening_kinds CHECK (cardinality(kinds) > 0),
    findings jsonb NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL
);
ALTER TABLE report_screening ENABLE ROW LEVEL SECURITY;
CREATE POLICY report_screening_app ON report_screening TO caunoi_app
    USING (true) WITH CHECK (true);
CREATE POLICY report_screening_desk ON report_screening FOR SELECT TO caunoi_desk
    USING (EXISTS (SELECT FROM report r WHERE r.id = report_id));
GRANT SELECT, INSERT, UPDATE, DELETE ON report_screening TO caunoi_app;
GRANT SELECT ON report_screening TO caunoi_desk;

ALTER TABLE rule_set DROP CONSTRAINT rule_set_kind;
ALTER TABLE rule_set ADD CONSTRAINT rule_set_kind CHECK (kind ~ '^[a-z][a-z_]{2,40}$');
"""

# Which sub-fields people use most, for strangers: a rank and no figure, and only what at least five
# reports of this and the two months before stand behind.
MOST_USED = """
CREATE VIEW public_category_use AS
SELECT r.key AS category_code,
       row_number() OVER (ORDER BY sum(r.received) DESC, r.key) AS place
FROM rollup r
JOIN category c ON c.code = r.key AND c.is_active AND NOT c.is_restricted
WHERE r.case_kind = 'report' AND r.dimension = 'category' AND r.grain = 'month'
  AND r.period >= date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
      - interval '2 months'
GROUP BY r.key
HAVING sum(r.received) >= 5;
GRANT SELECT ON public_category_use TO caunoi_public;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, FOLDED, HITS, SCREENING, MOST_USED):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
