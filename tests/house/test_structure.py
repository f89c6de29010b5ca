"""The structure of the repository: the public names, and the contents of its folders."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import acbridge
from programs import Program

pytestmark = pytest.mark.house


def test_every_public_name_exists_and_has_a_docstring() -> None:
    for name in acbridge.__all__:
        assert hasattr(acbridge, name), name
        assert name.isupper() or getattr(acbridge, name).__doc__, f"{name} has no docstring"


def test_a_command_is_named_like_its_package(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    for command, entry in project["project"]["scripts"].items():
        package = command.replace("-", "_")
        assert f"{package}.__main__:main" == entry
        assert any((checkout / top / package / "__main__.py").exists() for top in ("daemon", "clients"))


def test_the_version_is_that_of_the_project(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == acbridge.__version__


def test_the_module_names_every_program(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with Program("acbridge") as program:
        assert (0, []) == (program.wait(), program.err)
    assert project["scripts"].keys() == {line.split()[0] for line in program.out if line.startswith("  ")}


def test_the_version_to_cite_is_the_version(checkout: Path) -> None:
    assert f"\nversion: {acbridge.__version__}\n" in (checkout / "CITATION.cff").read_text(encoding="utf-8")


def test_every_link_of_the_description_on_pypi_is_absolute(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    text = (checkout / "README.md").read_text(encoding="utf-8")
    for each in project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    links: list[str] = re.findall(r"\]\(([^)]+)\)", text)
    assert [] == [link for link in links if not link.startswith(("https://", "#"))]
    ours = re.compile(
        r"https://(?:github\.com/acbridge/acbridge/blob|raw\.githubusercontent\.com/acbridge/acbridge)/main/([^#]+)"
    )
    paths = [found[1] for link in links if (found := ours.match(link))]
    assert len(paths) > 10
    assert [] == [path for path in paths if not (checkout / path).exists()]


def test_every_action_of_the_workflows_is_pinned_by_its_commit(checkout: Path) -> None:
    used = [
        line.split("uses:")[1].strip()
        for workflow in (checkout / ".github" / "workflows").glob("*.yml")
        for line in workflow.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    assert [] == [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", action)]


def test_every_package_is_typed(checkout: Path) -> None:
    packages = [checkout / "acbridge", *(checkout / "daemon").glob("acbridge_*"), *(checkout / "clients").glob("acb*")]
    assert [] == [package.name for package in packages if not (package / "py.typed").exists()]


def test_the_top_level_folders_are_no_packages(checkout: Path) -> None:
    for folder in ("daemon", "clients", "tests", "docs"):
        assert not (checkout / folder / "__init__.py").exists()


def test_every_dependency_has_an_exact_version(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = {line.partition("==")[0] for line in project["tool"]["uv"]["constraint-dependencies"]}
    needed = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["dependency-groups"]["docs"],
    ]
    assert {line.partition(">=")[0].partition("[")[0] for line in needed} <= pinned


def test_the_workflow_runs_the_commands_of_the_readme_on_every_python_version(checkout: Path) -> None:
    workflow = (checkout / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    linux, windows = workflow.split("\n  windows:\n")
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = [words[-1] for words in map(str.split, project["classifiers"]) if words[-1].startswith("3.")]
    for job in (linux, windows):
        assert f"python: {json.dumps(pythons)}" in job
    assert "- run: .ci/run\n" in linux
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```bash\n(pip install uv\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    commands = block.splitlines()[1:]
    assert ["uv run acbridge-demo", "uv run pytest"] == commands
    assert "- run: pip install uv\n" in windows
    for command in commands:
        assert f"\n{command}" in (checkout / ".ci" / "run").read_text(encoding="utf-8")
        assert re.search(rf"- run: {re.escape(command)}( --duration \d+)?\n", windows)
