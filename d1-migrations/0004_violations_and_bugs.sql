CREATE INDEX `bugs_by_time` ON `events` (`tenant`,`at`) WHERE type = 'bug_filed';--> statement-breakpoint
CREATE INDEX `violations_by_time` ON `violations` (`tenant`,`at`);