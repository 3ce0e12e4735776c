CREATE TABLE `artifacts` (
	`tenant` text NOT NULL,
	`artifact_id` text NOT NULL,
	`project_id` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`name` text NOT NULL,
	`media_type` text NOT NULL,
	`content` text NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`origin` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` text NOT NULL,
	PRIMARY KEY(`tenant`, `artifact_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `artifacts_by_pipeline` ON `artifacts` (`tenant`,`pipeline_id`);--> statement-breakpoint
CREATE TABLE `bugs` (
	`tenant` text NOT NULL,
	`bug_id` text NOT NULL,
	`project_id` text,
	`pipeline_id` text,
	`title` text NOT NULL,
	`detail` text NOT NULL,
	`severity` text NOT NULL,
	`status` text NOT NULL,
	`origin` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	PRIMARY KEY(`tenant`, `bug_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `bugs_by_time` ON `bugs` (`tenant`,`created_at`);--> statement-breakpoint
CREATE TRIGGER artifacts_no_update BEFORE UPDATE ON artifacts BEGIN SELECT RAISE(ABORT, 'artifacts is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER artifacts_no_delete BEFORE DELETE ON artifacts BEGIN SELECT RAISE(ABORT, 'artifacts is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER artifacts_no_replace BEFORE INSERT ON artifacts WHEN EXISTS (SELECT 1 FROM artifacts WHERE tenant = NEW.tenant AND artifact_id = NEW.artifact_id) BEGIN SELECT RAISE(IGNORE); END;
--> statement-breakpoint
CREATE TRIGGER bugs_no_delete BEFORE DELETE ON bugs BEGIN SELECT RAISE(ABORT, 'bugs stay on record'); END;
--> statement-breakpoint
CREATE TRIGGER bugs_status_only BEFORE UPDATE OF tenant, bug_id, project_id, pipeline_id, title, detail, severity, origin, created_by, created_at ON bugs BEGIN SELECT RAISE(ABORT, 'of a bug only its status changes'); END;
