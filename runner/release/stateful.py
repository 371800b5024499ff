"""Resources that hold what cannot be made again, and the changes that would lose it (pure)."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from runner.release.words import Changes, name, verb
from runner.text import one_line

# Reviewed: each holds data, keys, history, or an identity that others know. A nested stack may hold any.
STATEFUL = frozenset(
    {
        "AWS::Athena::WorkGroup",
        "AWS::Backup::BackupVault",
        "AWS::Backup::LogicallyAirGappedBackupVault",
        "AWS::Bedrock::KnowledgeBase",
        "AWS::Cassandra::Keyspace",
        "AWS::Cassandra::Table",
        "AWS::CloudFormation::Stack",
        "AWS::CloudHSM::Cluster",
        "AWS::CloudTrail::EventDataStore",
        "AWS::CodeArtifact::Domain",
        "AWS::CodeArtifact::Repository",
        "AWS::CodeCommit::Repository",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
        "AWS::CustomerProfiles::Domain",
        "AWS::DAX::Cluster",
        "AWS::DSQL::Cluster",
        "AWS::DirectoryService::MicrosoftAD",
        "AWS::DirectoryService::SimpleAD",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::DocDB::GlobalCluster",
        "AWS::DocDBElastic::Cluster",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::ECR::PublicRepository",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::EMR::Cluster",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::Elasticsearch::Domain",
        "AWS::Events::Archive",
        "AWS::FSx::FileSystem",
        "AWS::FSx::Volume",
        "AWS::Glue::Database",
        "AWS::Glue::Registry",
        "AWS::Glue::Schema",
        "AWS::Glue::Table",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::Kendra::Index",
        "AWS::Kinesis::Stream",
        "AWS::KinesisVideo::Stream",
        "AWS::Lightsail::Bucket",
        "AWS::Lightsail::Database",
        "AWS::Logs::LogGroup",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::MemoryDB::Cluster",
        "AWS::MemoryDB::MultiRegionCluster",
        "AWS::Neptune::DBCluster",
        "AWS::Neptune::DBInstance",
        "AWS::Neptune::GlobalCluster",
        "AWS::Omics::ReferenceStore",
        "AWS::Omics::SequenceStore",
        "AWS::OpenSearchServerless::Collection",
        "AWS::OpenSearchServerless::Index",
        "AWS::OpenSearchService::Domain",
        "AWS::Organizations::Account",
        "AWS::PaymentCryptography::Key",
        "AWS::QLDB::Ledger",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::GlobalCluster",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::Rekognition::Collection",
        "AWS::S3::Bucket",
        "AWS::S3Express::DirectoryBucket",
        "AWS::S3Files::FileSystem",
        "AWS::S3Outposts::Bucket",
        "AWS::S3Tables::Table",
        "AWS::S3Tables::TableBucket",
        "AWS::S3Vectors::Index",
        "AWS::S3Vectors::VectorBucket",
        "AWS::SDB::Domain",
        "AWS::SQS::Queue",
        "AWS::SageMaker::Cluster",
        "AWS::SageMaker::Domain",
        "AWS::SageMaker::FeatureGroup",
        "AWS::SageMaker::MlflowTrackingServer",
        "AWS::SageMaker::ModelPackage",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SageMaker::NotebookInstance",
        "AWS::SecretsManager::Secret",
        "AWS::Timestream::Database",
        "AWS::Timestream::InfluxDBCluster",
        "AWS::Timestream::InfluxDBInstance",
        "AWS::Timestream::Table",
    }
)
LOSING = {
    "replaced": "would be replaced by an empty one",
    "may be replaced": "may be replaced by an empty one",
    "may change": "may be replaced or deleted",
    "deleted": "would be deleted",
}
KEEPING = ("Retain", "Snapshot")


def refused(changes: Changes, allowed: Collection[str]) -> list[str]:
    """Why a change set is refused: every stateful resource that it would or may replace, or delete without
    keeping it or a snapshot, and whose logical name is not allowed. [] if it may be executed."""
    lost: dict[str, str] = {}
    for change in (c.get("ResourceChange") or {} for c in changes):
        done, kind = verb(change), str(change.get("ResourceType", ""))
        kept = done == "deleted" and change.get("PolicyAction") in KEEPING
        if kind in STATEFUL and done in LOSING and not kept:
            lost[name(change)] = f"{name(change)} ({kind}) {LOSING[done]}"
    told = [line for logical, line in sorted(lost.items()) if logical not in allowed]
    strange = sorted(set(allowed) - set(lost)) if told else []
    return told + [_strange(given, lost) for given in strange]


def _strange(given: str, lost: Collection[str]) -> str:
    """An allowed name that fits none of them, where another one was refused."""
    near = difflib.get_close_matches(given, sorted(lost), 1)
    hint = f": did you mean {near[0]}?" if near else ""
    return f"{one_line(given, 120)!r} is none of those that would be lost{hint}"
