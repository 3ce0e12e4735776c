-- LEDG-1: rows of the ledger cannot be changed or removed, whoever holds the database binding. REPLACE removes rows without firing
-- delete triggers, so an insert over an existing row is skipped before SQLite gets that far.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER events_no_replace BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE pipeline_id = NEW.pipeline_id AND seq = NEW.seq) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER agent_actions_no_update BEFORE UPDATE ON agent_actions BEGIN SELECT RAISE(ABORT, 'agent_actions is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER agent_actions_no_delete BEFORE DELETE ON agent_actions BEGIN SELECT RAISE(ABORT, 'agent_actions is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER agent_actions_no_replace BEFORE INSERT ON agent_actions WHEN EXISTS (SELECT 1 FROM agent_actions WHERE pipeline_id = NEW.pipeline_id AND seq = NEW.seq) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER agent_metrics_no_update BEFORE UPDATE ON agent_metrics BEGIN SELECT RAISE(ABORT, 'agent_metrics is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER agent_metrics_no_delete BEFORE DELETE ON agent_metrics BEGIN SELECT RAISE(ABORT, 'agent_metrics is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER agent_metrics_no_replace BEFORE INSERT ON agent_metrics WHEN EXISTS (SELECT 1 FROM agent_metrics WHERE pipeline_id = NEW.pipeline_id AND seq = NEW.seq) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER violations_no_update BEFORE UPDATE ON violations BEGIN SELECT RAISE(ABORT, 'violations is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER violations_no_delete BEFORE DELETE ON violations BEGIN SELECT RAISE(ABORT, 'violations is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER violations_no_replace BEFORE INSERT ON violations WHEN EXISTS (SELECT 1 FROM violations WHERE pipeline_id = NEW.pipeline_id AND seq = NEW.seq) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_no_update BEFORE UPDATE ON error_occurrences BEGIN SELECT RAISE(ABORT, 'error_occurrences is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_no_delete BEFORE DELETE ON error_occurrences BEGIN SELECT RAISE(ABORT, 'error_occurrences is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER error_occurrences_no_replace BEFORE INSERT ON error_occurrences WHEN EXISTS (SELECT 1 FROM error_occurrences WHERE tenant = NEW.tenant AND at = NEW.at AND pipeline_id = NEW.pipeline_id AND seq = NEW.seq) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER promotions_no_update BEFORE UPDATE ON promotions BEGIN SELECT RAISE(ABORT, 'promotions is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER promotions_no_delete BEFORE DELETE ON promotions BEGIN SELECT RAISE(ABORT, 'promotions is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER promotions_no_replace BEFORE INSERT ON promotions WHEN EXISTS (SELECT 1 FROM promotions WHERE tenant = NEW.tenant AND promotion_id = NEW.promotion_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER integrity_alarms_no_update BEFORE UPDATE ON integrity_alarms BEGIN SELECT RAISE(ABORT, 'integrity_alarms is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER integrity_alarms_no_delete BEFORE DELETE ON integrity_alarms BEGIN SELECT RAISE(ABORT, 'integrity_alarms is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER integrity_alarms_no_replace BEFORE INSERT ON integrity_alarms WHEN EXISTS (SELECT 1 FROM integrity_alarms WHERE pipeline_id = NEW.pipeline_id AND seq = NEW.seq AND object_hash = NEW.object_hash) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
-- The index of pipelines shows the newest known state; a late message must not set it back.
CREATE TRIGGER pipelines_only_forward BEFORE UPDATE ON pipelines WHEN NEW.seq < OLD.seq OR NEW.tenant <> OLD.tenant OR NEW.pipeline_id <> OLD.pipeline_id BEGIN SELECT RAISE(ABORT, 'pipelines only move forward'); END;
--> statement-breakpoint
CREATE TRIGGER pipelines_no_delete BEFORE DELETE ON pipelines BEGIN SELECT RAISE(ABORT, 'pipelines is append-only'); END;
--> statement-breakpoint
-- MEM-1: full text over memory. External content: the text is stored once.
CREATE VIRTUAL TABLE memory_fts USING fts5(title, summary, content, content = 'memory', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER memory_fts_insert AFTER INSERT ON memory BEGIN INSERT INTO memory_fts (rowid, title, summary, content) VALUES (NEW.id, NEW.title, NEW.summary, NEW.content); END;
--> statement-breakpoint
CREATE TRIGGER memory_fts_delete AFTER DELETE ON memory BEGIN INSERT INTO memory_fts (memory_fts, rowid, title, summary, content) VALUES ('delete', OLD.id, OLD.title, OLD.summary, OLD.content); END;
--> statement-breakpoint
CREATE TRIGGER memory_fts_update AFTER UPDATE ON memory BEGIN INSERT INTO memory_fts (memory_fts, rowid, title, summary, content) VALUES ('delete', OLD.id, OLD.title, OLD.summary, OLD.content); INSERT INTO memory_fts (rowid, title, summary, content) VALUES (NEW.id, NEW.title, NEW.summary, NEW.content); END;
