"""The calls of a release that change nothing: a reviewed list. Whatever is not on it is a write."""

from __future__ import annotations

# DetectStackDrift starts a look at the stack and changes nothing that runs. InvokeFunction is not here:
# what a solution's code does when it is asked is not known.
READS = frozenset(
    {
        ("application-autoscaling", "describe_scalable_targets"),
        ("cloudformation", "describe_change_set"),
        ("cloudformation", "describe_stack_drift_detection_status"),
        ("cloudformation", "describe_stack_events"),
        ("cloudformation", "describe_stack_resource"),
        ("cloudformation", "describe_stack_resource_drifts"),
        ("cloudformation", "describe_stack_resources"),
        ("cloudformation", "describe_stacks"),
        ("cloudformation", "detect_stack_drift"),
        ("cloudformation", "get_template"),
        ("cloudformation", "get_template_summary"),
        ("cloudformation", "list_change_sets"),
        ("cloudformation", "list_stack_resources"),
        ("cloudformation", "list_stacks"),
        ("cloudtrail", "lookup_events"),
        ("cloudwatch", "describe_alarms"),
        ("cloudwatch", "get_metric_data"),
        ("cloudwatch", "get_metric_statistics"),
        ("cloudwatch", "list_metrics"),
        ("codedeploy", "batch_get_deployments"),
        ("codedeploy", "get_application"),
        ("codedeploy", "get_deployment"),
        ("codedeploy", "get_deployment_group"),
        ("codedeploy", "get_deployment_target"),
        ("codedeploy", "list_deployment_targets"),
        ("codedeploy", "list_deployments"),
        ("ecr", "batch_get_image"),
        ("ecr", "describe_images"),
        ("ecs", "describe_services"),
        ("ecs", "describe_task_definition"),
        ("ecs", "describe_tasks"),
        ("ecs", "list_tasks"),
        ("glue", "get_job"),
        ("lambda", "get_alias"),
        ("lambda", "get_function"),
        ("lambda", "get_function_configuration"),
        ("lambda", "list_aliases"),
        ("lambda", "list_versions_by_function"),
        ("logs", "describe_log_groups"),
        ("logs", "describe_log_streams"),
        ("logs", "filter_log_events"),
        ("logs", "get_log_events"),
        ("s3", "get_bucket_location"),
        ("s3", "get_object"),
        ("s3", "head_bucket"),
        ("s3", "head_object"),
        ("s3", "list_object_versions"),
        ("s3", "list_objects_v2"),
        ("sagemaker", "describe_endpoint"),
        ("sagemaker", "describe_endpoint_config"),
        ("sagemaker", "describe_model"),
        ("sagemaker", "describe_model_package"),
        ("stepfunctions", "describe_state_machine"),
        ("sts", "get_caller_identity"),
        ("xray", "batch_get_traces"),
        ("xray", "get_trace_summaries"),
    }
)


def is_read(service: str, operation: str) -> bool:
    """Whether a call (as boto3 names it, or as the API does: DescribeStacks) is on the list."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    return (service, snake) in READS
