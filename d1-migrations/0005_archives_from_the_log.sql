-- LEDG-5: an archive follows from the tenant's own log, and rows may go up to the event that it reaches to. Nothing has been archived
-- before this migration, so the table is made anew; triggers that name it go first.
DROP TRIGGER events_no_delete;
--> statement-breakpoint
DROP TRIGGER agent_actions_no_delete;
--> statement-breakpoint
DROP TRIGGER agent_metrics_no_delete;
--> statement-breakpoint
DROP TRIGGER violations_no_delete;
--> statement-breakpoint
DROP TRIGGER error_occurrences_no_delete;
--> statement-breakpoint
DROP TABLE archives;
--> statement-breakpoint
CREATE TABLE `archives` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`revision` integer NOT NULL,
	`number` integer NOT NULL,
	`object_key` text NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`events` integer NOT NULL,
	`head_hash` text NOT NULL,
	`log_seq` integer NOT NULL,
	`archived_at` text NOT NULL,
	`removed_at` text,
	PRIMARY KEY(`tenant`, `pipeline_id`, `revision`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER events_no_delete BEFORE DELETE ON events WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id AND events >= OLD.seq) BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER agent_actions_no_delete BEFORE DELETE ON agent_actions WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id AND events >= OLD.seq) BEGIN SELECT RAISE(ABORT, 'agent_actions is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER agent_metrics_no_delete BEFORE DELETE ON agent_metrics WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id AND events >= OLD.seq) BEGIN SELECT RAISE(ABORT, 'agent_metrics is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER violations_no_delete BEFORE DELETE ON violations WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id AND events >= OLD.seq) BEGIN SELECT RAISE(ABORT, 'violations is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_no_delete BEFORE DELETE ON error_occurrences WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id AND events >= OLD.seq) BEGIN SELECT RAISE(ABORT, 'error_occurrences is append-only'); END;
--> statement-breakpoint
-- A message that comes late must not bring back what was archived.
CREATE TRIGGER events_not_archived BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER agent_actions_not_archived BEFORE INSERT ON agent_actions WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER agent_metrics_not_archived BEFORE INSERT ON agent_metrics WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER violations_not_archived BEFORE INSERT ON violations WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_not_archived BEFORE INSERT ON error_occurrences WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER archives_from_log BEFORE INSERT ON archives WHEN NOT EXISTS (SELECT 1 FROM events WHERE pipeline_id = 'ct_' || NEW.tenant AND seq = NEW.log_seq AND tenant = NEW.tenant AND type IN ('pipeline_archived', 'archive_rewritten') AND body ->> '$.pipeline_id' = NEW.pipeline_id AND body ->> '$.sha256' = NEW.sha256 AND body ->> '$.head_hash' = NEW.head_hash AND body ->> '$.events' = NEW.events) BEGIN SELECT RAISE(ABORT, 'an archive is on record in the log of its tenant first'); END;
--> statement-breakpoint
CREATE TRIGGER archives_no_replace BEFORE INSERT ON archives WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id AND revision = NEW.revision) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER archives_no_delete BEFORE DELETE ON archives BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER archives_only_removed BEFORE UPDATE ON archives WHEN OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL OR NEW.tenant <> OLD.tenant OR NEW.pipeline_id <> OLD.pipeline_id OR NEW.revision <> OLD.revision OR NEW.number <> OLD.number OR NEW.object_key <> OLD.object_key OR NEW.sha256 <> OLD.sha256 OR NEW.bytes <> OLD.bytes OR NEW.events <> OLD.events OR NEW.head_hash <> OLD.head_hash OR NEW.log_seq <> OLD.log_seq OR NEW.archived_at <> OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END;
--> statement-breakpoint
-- LEDG-5: the words of one pipeline are found by its id, to be taken out again. The id is a word of the index itself, which costs no row.
DROP TRIGGER events_searchable;
--> statement-breakpoint
DROP TABLE event_text;
--> statement-breakpoint
CREATE VIRTUAL TABLE event_text USING fts5(tenant, pipeline, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
--> statement-breakpoint
INSERT INTO event_text (rowid, tenant, pipeline, text) SELECT p.id, e.tenant, e.pipeline_id, e.type || ' ' || e.actor || ' ' || e.body FROM event_places p JOIN events e ON e.pipeline_id = p.pipeline_id AND e.seq = p.seq;
--> statement-breakpoint
CREATE TRIGGER events_searchable AFTER INSERT ON events WHEN NEW.type NOT IN ('step_scheduled', 'step_claimed', 'step_progressed', 'step_completed', 'step_cancelled', 'turn_taken', 'agent_token_issued', 'credentials_extended', 'token_confirmed_gone') BEGIN INSERT INTO event_places (pipeline_id, seq) VALUES (NEW.pipeline_id, NEW.seq); INSERT INTO event_text (rowid, tenant, pipeline, text) VALUES (last_insert_rowid(), NEW.tenant, NEW.pipeline_id, NEW.type || ' ' || NEW.actor || ' ' || NEW.body); END;
