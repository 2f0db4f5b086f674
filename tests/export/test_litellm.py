"""LiteLLM's own router on an exported file. Its 381 MB have an environment of their own, which
SLIT_LITELLM_PYTHON names: without it this is skipped, in CI too."""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from slit.export.litellm import litellm
from tests.export.plans import small_mapping, small_rules
from tests.export.servers import chi_square, p_value

PICKS = 5_000
SCRIPT = """
import asyncio, collections, json, random, sys, yaml
from litellm import Router
random.seed(1)
content = yaml.safe_load(open(sys.argv[1]))
router = Router(model_list=content["model_list"], **content["router_settings"])
found = {}
for model in {each["model_name"] for each in content["model_list"]}:
    picks = (
        router.get_available_deployment(model=model, messages=[{"role": "user", "content": "a"}])
        for _ in range(int(sys.argv[2]))
    )
    found[model] = collections.Counter(each["litellm_params"]["api_base"] for each in picks)
print(json.dumps(found))
"""


@pytest.mark.slow
def test_picks_follow_the_weights(tmp_path: Path) -> None:
    python = os.environ.get("SLIT_LITELLM_PYTHON")
    if not python:
        pytest.skip("SLIT_LITELLM_PYTHON: not set (a Python with litellm 1.110)")
    rules = small_rules("litellm", small_mapping(tmp_path))
    file = tmp_path / "litellm.yaml"
    file.write_text(litellm(rules))
    done = subprocess.run(
        [python, "-c", SCRIPT, str(file), str(PICKS)],
        # Without it litellm fetches a table of prices when it is imported.
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    parts = []
    for rule in rules.rules:
        origin, request_class = rule.named
        picks = Counter(found[f"{origin.header}/{request_class.model}"])
        assert sum(picks.values()) == PICKS
        weights = {
            f"http://{each.backend.host}:{each.backend.port}/v1": each.weight
            for each in rule.entries
        }
        parts.append(chi_square(picks, weights))
    assert p_value(parts) > 0.001
