CREATE TABLE `archives` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`number` integer NOT NULL,
	`object_key` text NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`events` integer NOT NULL,
	`head_hash` text NOT NULL,
	`archived_at` text NOT NULL,
	`removed_at` text,
	PRIMARY KEY(`tenant`, `pipeline_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `event_places` (
	`id` integer PRIMARY KEY NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `reconciliations` (
	`tenant` text PRIMARY KEY NOT NULL,
	`after_number` integer NOT NULL,
	`checked` integer NOT NULL,
	`repaired` integer NOT NULL,
	`ran_at` text NOT NULL,
	`round_ended_at` text
);
--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`tenant`,`at`);--> statement-breakpoint
-- LEDG-4: full text over events. Contentless: the text is stored once, in `events`. The tenant is a word of its own, so that a search
-- walks one tenant's list only; what may be shown is decided by the row in `events`, not by this index.
CREATE VIRTUAL TABLE event_text USING fts5(tenant, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER events_searchable AFTER INSERT ON events WHEN NEW.type NOT IN ('step_scheduled', 'step_claimed', 'step_progressed', 'step_completed', 'step_cancelled', 'turn_taken', 'agent_token_issued', 'credentials_extended', 'token_confirmed_gone') BEGIN INSERT INTO event_places (pipeline_id, seq) VALUES (NEW.pipeline_id, NEW.seq); INSERT INTO event_text (rowid, tenant, text) VALUES (last_insert_rowid(), NEW.tenant, NEW.type || ' ' || NEW.actor || ' ' || NEW.body); END;
--> statement-breakpoint
-- What was in the ledger before this migration is found too.
INSERT INTO event_places (pipeline_id, seq) SELECT pipeline_id, seq FROM events WHERE type NOT IN ('step_scheduled', 'step_claimed', 'step_progressed', 'step_completed', 'step_cancelled', 'turn_taken', 'agent_token_issued', 'credentials_extended', 'token_confirmed_gone') ORDER BY at, pipeline_id, seq;
--> statement-breakpoint
INSERT INTO event_text (rowid, tenant, text) SELECT p.id, e.tenant, e.type || ' ' || e.actor || ' ' || e.body FROM event_places p JOIN events e ON e.pipeline_id = p.pipeline_id AND e.seq = p.seq;
--> statement-breakpoint
-- LEDG-5: rows may go once their archive has been read back; nothing else may.
DROP TRIGGER events_no_delete;
--> statement-breakpoint
CREATE TRIGGER events_no_delete BEFORE DELETE ON events WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id) BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
--> statement-breakpoint
DROP TRIGGER agent_actions_no_delete;
--> statement-breakpoint
CREATE TRIGGER agent_actions_no_delete BEFORE DELETE ON agent_actions WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id) BEGIN SELECT RAISE(ABORT, 'agent_actions is append-only'); END;
--> statement-breakpoint
DROP TRIGGER agent_metrics_no_delete;
--> statement-breakpoint
CREATE TRIGGER agent_metrics_no_delete BEFORE DELETE ON agent_metrics WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id) BEGIN SELECT RAISE(ABORT, 'agent_metrics is append-only'); END;
--> statement-breakpoint
DROP TRIGGER violations_no_delete;
--> statement-breakpoint
CREATE TRIGGER violations_no_delete BEFORE DELETE ON violations WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id) BEGIN SELECT RAISE(ABORT, 'violations is append-only'); END;
--> statement-breakpoint
DROP TRIGGER error_occurrences_no_delete;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_no_delete BEFORE DELETE ON error_occurrences WHEN NOT EXISTS (SELECT 1 FROM archives WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id) BEGIN SELECT RAISE(ABORT, 'error_occurrences is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER archives_only_removed BEFORE UPDATE ON archives WHEN OLD.removed_at IS NOT NULL OR NEW.sha256 <> OLD.sha256 OR NEW.object_key <> OLD.object_key OR NEW.head_hash <> OLD.head_hash OR NEW.events <> OLD.events BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER archives_no_delete BEFORE DELETE ON archives BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER archives_no_replace BEFORE INSERT ON archives WHEN EXISTS (SELECT 1 FROM archives WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id) BEGIN SELECT RAISE(IGNORE); END;
