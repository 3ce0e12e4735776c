CREATE TABLE `agent_actions` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`phase` text NOT NULL,
	`action_id` text NOT NULL,
	`agent_id` text,
	`role` text,
	`tool` text,
	`target` text,
	`action_sha256` text,
	`decision` text,
	`determining` text,
	`policy_version` text,
	`reason` text,
	`status` text,
	`result_sha256` text,
	`error` text,
	PRIMARY KEY(`pipeline_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `agent_metrics` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`step_id` text NOT NULL,
	`agent_id` text,
	`role` text,
	`round` integer,
	`leg` integer,
	`outcome` text NOT NULL,
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`tokens_in` integer NOT NULL,
	`tokens_out` integer NOT NULL,
	`tokens_cached` integer NOT NULL,
	`cost_microusd` integer NOT NULL,
	`latency_ms` integer NOT NULL,
	PRIMARY KEY(`pipeline_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `dead_letters` (
	`queue` text NOT NULL,
	`message_id` text NOT NULL,
	`at` text NOT NULL,
	`tenant` text,
	`pipeline_id` text,
	`step_id` text,
	`reason` text NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`queue`, `message_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `error_occurrences` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`fingerprint` text NOT NULL,
	`code` text NOT NULL,
	`message` text NOT NULL,
	`source` text NOT NULL,
	PRIMARY KEY(`tenant`, `at`, `pipeline_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `events` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`type` text NOT NULL,
	`v` integer NOT NULL,
	`actor` text NOT NULL,
	`body` text NOT NULL,
	`salt` text NOT NULL,
	`prev_hash` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`pipeline_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `integrity_alarms` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`ledger_hash` text NOT NULL,
	`object_hash` text NOT NULL,
	PRIMARY KEY(`pipeline_id`, `seq`, `object_hash`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `memory` (
	`id` integer PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`memory_id` text NOT NULL,
	`project_id` text,
	`title` text NOT NULL,
	`summary` text NOT NULL,
	`content` text NOT NULL,
	`media_type` text NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`origin` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `memory_by_id` ON `memory` (`tenant`,`memory_id`);--> statement-breakpoint
CREATE TABLE `pipelines` (
	`tenant` text NOT NULL,
	`number` integer NOT NULL,
	`pipeline_id` text NOT NULL,
	`project_id` text NOT NULL,
	`state` text NOT NULL,
	`seq` integer NOT NULL,
	`created_at` text NOT NULL,
	`search` text NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`tenant`, `number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `promotions` (
	`tenant` text NOT NULL,
	`promotion_id` text NOT NULL,
	`at` text NOT NULL,
	`identity_id` text NOT NULL,
	`from_tier` integer NOT NULL,
	`to_tier` integer NOT NULL,
	`reason` text NOT NULL,
	`runs` text NOT NULL,
	`decided_by` text NOT NULL,
	PRIMARY KEY(`tenant`, `promotion_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `violations` (
	`tenant` text NOT NULL,
	`pipeline_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`violation_id` text NOT NULL,
	`agent_id` text,
	`role` text,
	`rule` text NOT NULL,
	`severity` text NOT NULL,
	`evidence` text NOT NULL,
	`consequence` text NOT NULL,
	PRIMARY KEY(`pipeline_id`, `seq`)
) WITHOUT ROWID;
