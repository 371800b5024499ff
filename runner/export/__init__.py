"""What other tools of AWS take over from a manifest: files for CodePipeline's stock actions, and a model
package for SageMaker's registry (docs/interchange.md).

Everything is made from the manifest alone. It is not verified here, which is `lockgate verify`'s to do.
"""
