CREATE TABLE `erasures` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`log_seq` integer NOT NULL,
	`seqs` text NOT NULL,
	`at` text NOT NULL,
	PRIMARY KEY(`tenant`, `pipeline_id`, `log_seq`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `events` ADD `content` text;
--> statement-breakpoint
-- LEDG-2: an event may lose its content, once that is on record in the log of its tenant; nothing else of it may change.
DROP TRIGGER events_no_update;
--> statement-breakpoint
CREATE TRIGGER events_no_update BEFORE UPDATE ON events WHEN NOT (OLD.content IS NULL AND NEW.content IS NOT NULL AND NEW.salt = '' AND NEW.tenant = OLD.tenant AND NEW.pipeline_id = OLD.pipeline_id AND NEW.seq = OLD.seq AND NEW.at = OLD.at AND NEW.type = OLD.type AND NEW.v = OLD.v AND NEW.actor = OLD.actor AND NEW.prev_hash = OLD.prev_hash AND NEW.hash = OLD.hash AND EXISTS (SELECT 1 FROM erasures r, json_each(r.seqs) s WHERE r.tenant = OLD.tenant AND r.pipeline_id = OLD.pipeline_id AND s.value = OLD.seq)) BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
--> statement-breakpoint
DROP TRIGGER agent_actions_no_update;
--> statement-breakpoint
CREATE TRIGGER agent_actions_no_update BEFORE UPDATE ON agent_actions WHEN NOT (NEW.tenant = OLD.tenant AND NEW.pipeline_id = OLD.pipeline_id AND NEW.seq = OLD.seq AND NEW.at = OLD.at AND EXISTS (SELECT 1 FROM erasures WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id)) BEGIN SELECT RAISE(ABORT, 'agent_actions is append-only'); END;
--> statement-breakpoint
DROP TRIGGER violations_no_update;
--> statement-breakpoint
CREATE TRIGGER violations_no_update BEFORE UPDATE ON violations WHEN NOT (NEW.tenant = OLD.tenant AND NEW.pipeline_id = OLD.pipeline_id AND NEW.seq = OLD.seq AND NEW.at = OLD.at AND EXISTS (SELECT 1 FROM erasures WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id)) BEGIN SELECT RAISE(ABORT, 'violations is append-only'); END;
--> statement-breakpoint
DROP TRIGGER error_occurrences_no_update;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_no_update BEFORE UPDATE ON error_occurrences WHEN NOT (NEW.tenant = OLD.tenant AND NEW.pipeline_id = OLD.pipeline_id AND NEW.seq = OLD.seq AND NEW.at = OLD.at AND EXISTS (SELECT 1 FROM erasures WHERE tenant = OLD.tenant AND pipeline_id = OLD.pipeline_id)) BEGIN SELECT RAISE(ABORT, 'error_occurrences is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER erasures_from_log BEFORE INSERT ON erasures WHEN NOT EXISTS (SELECT 1 FROM events WHERE pipeline_id = 'ct_' || NEW.tenant AND seq = NEW.log_seq AND tenant = NEW.tenant AND type = 'content_erased' AND body ->> '$.pipeline_id' = NEW.pipeline_id AND body ->> '$.seqs' = NEW.seqs) BEGIN SELECT RAISE(ABORT, 'an erasure is on record in the log of its tenant first'); END;
--> statement-breakpoint
CREATE TRIGGER erasures_no_replace BEFORE INSERT ON erasures WHEN EXISTS (SELECT 1 FROM erasures WHERE tenant = NEW.tenant AND pipeline_id = NEW.pipeline_id AND log_seq = NEW.log_seq) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures BEGIN SELECT RAISE(ABORT, 'erasures is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures BEGIN SELECT RAISE(ABORT, 'erasures is append-only'); END;
