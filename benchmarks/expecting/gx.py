"""Great Expectations on pandas, alone in its process, as its own documentation asks a frame.

python gx.py TABLE SUITE; prints how many expectations passed, and of how many."""

import json
import os
import sys
from pathlib import Path

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

listed = json.loads(Path(sys.argv[2]).read_text())["expectations"]
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("speed").add_dataframe_asset("table")
frame = pd.read_parquet(sys.argv[1])
batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
built = [ExpectationConfiguration(**each).to_domain_obj() for each in listed]
results = batch.validate(gx.ExpectationSuite("speed", expectations=built)).results
print(json.dumps({"passed": sum(bool(r.success) for r in results), "of": len(results)}))
