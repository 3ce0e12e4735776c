/** Knowledge about providers' resources, as data. A resource that is missing here is judged by the general rules only. */

export interface StatefulKind {
  /** What a person calls it. */
  label: string;
  /** Boolean attribute of the prior state that must be false, or its absence be made good by `snapshot_name`. */
  skips_snapshot?: string;
  /** Boolean attribute of the prior state that refuses a destroy. */
  protection?: string;
  /** Boolean attribute of the prior state that lets a destroy delete what is inside. */
  deletes_contents?: string;
}

const rds = (label: string): StatefulKind => ({
  label,
  skips_snapshot: 'skip_final_snapshot',
  protection: 'deletion_protection',
});

/** Resources that hold data which a destroy loses. */
export const STATEFUL: Record<string, StatefulKind> = {
  aws_db_instance: rds('RDS database'),
  aws_rds_cluster: rds('Aurora cluster'),
  aws_docdb_cluster: rds('DocumentDB cluster'),
  aws_neptune_cluster: rds('Neptune cluster'),
  aws_redshift_cluster: { label: 'Redshift cluster', skips_snapshot: 'skip_final_snapshot' },
  aws_dynamodb_table: { label: 'DynamoDB table', protection: 'deletion_protection_enabled' },
  aws_ebs_volume: { label: 'EBS volume' },
  aws_efs_file_system: { label: 'EFS file system' },
  aws_elasticache_replication_group: { label: 'ElastiCache replication group' },
  aws_opensearch_domain: { label: 'OpenSearch domain' },
  aws_s3_bucket: { label: 'S3 bucket', deletes_contents: 'force_destroy' },
  aws_ecr_repository: { label: 'ECR repository', deletes_contents: 'force_delete' },
  aws_kms_key: { label: 'KMS key' },
  aws_secretsmanager_secret: { label: 'secret' },
  aws_cognito_user_pool: { label: 'Cognito user pool', protection: 'deletion_protection' },
  google_sql_database_instance: { label: 'Cloud SQL instance', protection: 'deletion_protection' },
  google_bigquery_table: { label: 'BigQuery table', protection: 'deletion_protection' },
  google_compute_disk: { label: 'persistent disk' },
  google_storage_bucket: { label: 'storage bucket', deletes_contents: 'force_destroy' },
  azurerm_postgresql_flexible_server: { label: 'PostgreSQL server' },
  azurerm_mssql_database: { label: 'SQL database' },
  azurerm_storage_account: { label: 'storage account' },
  azurerm_managed_disk: { label: 'managed disk' },
};

/** Ports that belong on no public address; 80 and 443 are meant for the world. */
export const SENSITIVE_PORTS: Record<number, string> = {
  22: 'SSH',
  23: 'Telnet',
  445: 'SMB',
  1433: 'SQL Server',
  1521: 'Oracle',
  2375: 'Docker',
  2379: 'etcd',
  3306: 'MySQL',
  3389: 'RDP',
  5432: 'PostgreSQL',
  5439: 'Redshift',
  5900: 'VNC',
  6379: 'Redis',
  8200: 'Vault',
  9042: 'Cassandra',
  9200: 'Elasticsearch',
  10250: 'kubelet',
  11211: 'Memcached',
  27017: 'MongoDB',
};

/** Sources that mean everyone. */
export const WORLD = new Set(['0.0.0.0/0', '::/0', '*', 'Internet']);

/** GOV-1: names that no plan may touch unless an option says otherwise. */
export const DEFAULT_FORBIDDEN_TARGETS: readonly string[] = ['prod-*', 'staging-db-*'];

/** Attributes that name a target: what a change acts on, as opposed to text about it (tags, descriptions). */
export const NAMING_ATTRIBUTES = [
  'name',
  'name_prefix',
  'fqdn',
  'zone_name',
  'zone',
  'domain_name',
  'identifier',
  'cluster_identifier',
  'db_name',
  'bucket',
  'cluster',
  'cluster_name',
  'function_name',
  'table_name',
  'alias',
  'arn',
  'project',
  'resource_group_name',
] as const;
