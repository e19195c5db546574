"""The command line: what it prints, what it writes, and what bad input gets."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import creditrisk as cr
from creditrisk.cli import app
from creditrisk.policy.loading import policy_document

SAMPLE = cr.sample_paths()
INPUTS = ("--enterprises", str(SAMPLE.enterprises), "--records", str(SAMPLE.records))
DAY = ("--as-of", "2026-06-30")
ASSESSED = {"assessments.parquet", "reasons.parquet", "rejects.parquet", "summary.html", "run.json"}


def run(*arguments):
    """Run a command in this process; stdout and stderr stay apart."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_apart(*arguments, **environment):
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "creditrisk", *map(str, arguments)],
        capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1]), "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip


def complaint(result):
    """The one line that a failed command says."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("error: ").strip()


def write_tables(folder, records, enterprises="enterprise_id,name\nA,甲公司\nB,乙公司\n"):
    """Two small CSV files under other ids than USCCs, as options of a command."""
    (folder / "enterprises.csv").write_text(enterprises, encoding="utf-8")
    content = records if isinstance(records, bytes) else records.encode()
    (folder / "records.csv").write_bytes(content)
    return (
        "--enterprises", folder / "enterprises.csv", "--records", folder / "records.csv", "--id-scheme", "any",
    )  # fmt: skip


GOOD_RECORDS = "record_id,enterprise_id,type,occurred_on,outcome\nR1,A,inspection,2025-05-01,pass\n"


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assessed")
    result = run("assess", *INPUTS, *DAY, "--policy", "jiangsu", "--out", folder, "--csv", "--json")
    assert result.exit_code == 0, result.output
    return folder, result


class TestHelp:
    def test_no_arguments_show_help(self):
        assert "assess" in run().output

    @pytest.mark.parametrize("command", ["demo", "simulate", "validate", "assess", "explain", "policy"])
    def test_every_command_has_help(self, command):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert "Usage" in result.stdout

    def test_help_loads_nothing_heavy(self):
        code = (
            "import sys; from creditrisk.cli import app; from typer.testing import CliRunner\n"
            "CliRunner().invoke(app, ['--help']); CliRunner().invoke(app, ['assess', '--help'])\n"
            "print(sorted({'polars', 'numpy', 'pandas', 'sklearn', 'jinja2'} & set(sys.modules)))"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
        assert result.stdout.strip() == "[]"

    def test_version(self):
        assert run("--version").stdout == f"creditrisk {cr.__version__}\n"


class TestSimulateAndDemo:
    def test_simulated_files_can_be_assessed(self, tmp_path):
        made = run("simulate", "--out", tmp_path, "--enterprises", 60, "--seed", 7, "--json")
        assert made.exit_code == 0, made.output
        enterprises, records = json.loads(made.stdout)["files"]
        done = run("assess", "--enterprises", enterprises, "--records", records, *DAY, "--out", tmp_path / "out")
        assert done.exit_code == 0, done.output
        assert pl.read_parquet(tmp_path / "out" / "assessments.parquet").height == 60

    def test_the_same_seed_gives_the_same_files(self, tmp_path):
        for name in ("one", "two"):
            options = ("--enterprises", 40, "--seed", 3, "--faults", 0.05, "--format", "csv")
            assert run("simulate", "--out", tmp_path / name, *options).exit_code == 0
        for name in ("enterprises.csv", "records.csv"):
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()

    def test_faults_cannot_be_typed(self, tmp_path):
        assert "--faults" in complaint(run("simulate", "--out", tmp_path, "--faults", 0.1, "--typed"))

    def test_demo_goes_the_whole_way(self, tmp_path):
        result = run("demo", "--out", tmp_path, "--enterprises", 800, "--language", "en")
        assert result.exit_code == 0, result.output
        for heading in ("== 守信（低风险）", "== 一般", "== 失信（高风险）", "invalid_date", "Tiers", "summary.html"):
            assert heading in result.stdout
        assert result.stdout.count("Enterprise: ") == 3
        assert {path.name for path in tmp_path.iterdir()} >= ASSESSED


class TestValidate:
    def test_sample_is_clean(self):
        result = run("validate", *INPUTS, "--max-rejects", 0, "--json")
        assert result.exit_code == 0, result.output
        report = json.loads(result.stdout)
        assert report["rows_set_aside"] == 0
        assert report["records"]["rows_read"] == report["records"]["rows_kept"]

    def test_bad_rows_are_counted_written_and_limited(self, tmp_path):
        rows = "R2,A,inspection,2025-02-30,pass\nR1,A,inspection,2025-05-01,pass\nR3,C,penalty,2025-05-01,\n"
        options = write_tables(tmp_path, GOOD_RECORDS + rows)
        rejects = tmp_path / "rejects.csv"
        result = run("validate", *options, "--rejects", rejects, "--max-rejects", 2)
        assert result.exit_code == 1, result.output
        assert "3 rows were set aside, more than --max-rejects 2" in result.stderr
        codes = pl.read_csv(rejects)["code"].to_list()
        assert sorted(codes) == ["duplicate_record", "invalid_date", "unknown_enterprise"]
        assert run("validate", *options, "--max-rejects", 3).exit_code == 0
        as_data = json.loads(run("validate", *options, "--json").stdout)
        assert as_data["rows_set_aside"] == 3
        assert as_data["records_of_unknown_enterprises"] == 1

    def test_rejects_as_parquet(self, tmp_path):
        options = write_tables(tmp_path, GOOD_RECORDS + "R2,A,inspection,2025-02-30,pass\n")
        assert run("validate", *options, "--rejects", tmp_path / "rejects.parquet").exit_code == 0
        reject = pl.read_parquet(tmp_path / "rejects.parquet").row(0, named=True)
        assert (reject["row"], reject["column"], reject["value"]) == (2, "occurred_on", "2025-02-30")

    def test_rejects_of_another_kind_are_refused_before_reading(self, tmp_path):
        result = run("validate", "--enterprises", "none", "--records", "none", "--rejects", tmp_path / "rejects.xlsx")
        assert "must end in .csv or .parquet" in complaint(result)


class TestAssess:
    def test_writes_all_files(self, assessed):
        folder, _ = assessed
        assert {path.name for path in folder.iterdir()} == ASSESSED | {"assessments.csv", "rejects.csv"}

    def test_json_is_all_there_is_on_stdout(self, assessed):
        _, result = assessed
        data = json.loads(result.stdout)
        assert data["summary"]["enterprises"] == 200
        assert set(data["files"]) >= ASSESSED

    def test_run_file_tells_hashes_and_timings(self, assessed):
        run_file = json.loads((assessed[0] / "run.json").read_text(encoding="utf-8"))
        assert set(run_file["results"]) == {path.name for path in assessed[0].iterdir()} - {"run.json"}
        assert set(run_file["timings_seconds"]) == {"reading", "indicators", "scoring", "writing"}

    def test_csv_has_what_parquet_has(self, assessed):
        folder, _ = assessed
        written = pl.read_csv(folder / "assessments.csv", schema_overrides={"enterprise_id": pl.String})
        table = pl.read_parquet(folder / "assessments.parquet")
        for column in ("enterprise_id", "name", "score", "evidence_count"):
            assert written[column].to_list() == table[column].to_list()

    def test_plain_output_is_the_summary_and_the_files(self, tmp_path):
        result = run("assess", *INPUTS, *DAY, "--out", tmp_path)
        assert "守信（低风险） good (low risk)" in result.stdout
        assert str(tmp_path / "summary.html") in result.stdout

    def test_database_with_queries(self, tmp_path):
        sqlalchemy = pytest.importorskip("sqlalchemy")
        url = f"sqlite:///{tmp_path / 'records.db'}"
        engine = sqlalchemy.create_engine(url)
        for name, path in (("enterprises", SAMPLE.enterprises), ("records", SAMPLE.records)):
            pl.read_csv(path, infer_schema=False).to_pandas().to_sql(name, engine, index=False)
        engine.dispose()
        queries = ("--enterprises-query", "select * from enterprises", "--records-query", "select * from records")
        tables = ("--enterprises", url, "--records", url)
        result = run("assess", *tables, *queries, *DAY, "--out", tmp_path / "out")
        assert result.exit_code == 0, result.output

    def test_rejects_above_the_limit_still_give_results(self, tmp_path):
        options = write_tables(tmp_path, GOOD_RECORDS + "R2,A,inspection,2025-02-30,pass\n")
        result = run("assess", *options, *DAY, "--out", tmp_path / "out", "--max-rejects", 0)
        assert result.exit_code == 1, result.output
        assert {path.name for path in (tmp_path / "out").iterdir()} == ASSESSED


class TestExplain:
    def test_text_json_and_page(self, assessed, tmp_path):
        enterprise_id = pl.read_parquet(assessed[0] / "assessments.parquet").sort("score")["enterprise_id"][0]
        text = run("explain", enterprise_id.lower(), *INPUTS, *DAY, "--language", "zh")
        assert text.stdout.startswith("企业：")
        both = run("explain", enterprise_id, *INPUTS, *DAY)
        assert "\nEnterprise: " in both.stdout
        data = json.loads(run("explain", enterprise_id, *INPUTS, *DAY, "--json").stdout)
        assert data["enterprise_id"] == enterprise_id
        page = tmp_path / "page.html"
        assert run("explain", enterprise_id, *INPUTS, *DAY, "--html", page).exit_code == 0
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_trace(self, assessed, tmp_path):
        enterprise_id = pl.read_parquet(assessed[0] / "assessments.parquet")["enterprise_id"][0]
        tree = run("explain", enterprise_id, *INPUTS, *DAY, "--trace", "--language", "en").stdout
        assert "\n  safety.penalties: " in tree
        assert "\n    per_unit.points = -3\n" in tree
        assert "计分规则" in run("explain", enterprise_id, *INPUTS, *DAY, "--trace").stdout
        data, traced = (
            json.loads(run("explain", enterprise_id, *INPUTS, *DAY, "--json", *more).stdout)
            for more in ((), ["--trace"])
        )
        assert traced["score"] == data["score"]
        page = run("explain", enterprise_id, *INPUTS, *DAY, "--trace", "--html", tmp_path / "page.html")
        assert "a trace has no page" in complaint(page)

    def test_unknown_enterprise(self):
        assert "no enterprise 'NOBODY'" in complaint(run("explain", "nobody", *INPUTS, *DAY))


class TestPolicy:
    def test_list(self):
        lines = run("policy", "list").stdout.splitlines()
        assert any(line.startswith("jiangsu  2023  2023-05-01 – 2026-03-31  企业信用") for line in lines)
        assert any(line.startswith("jiangsu  2026  2026-04-01 – ") for line in lines)
        editions = json.loads(run("policy", "list", "--json").stdout)
        assert [one["edition"] for one in editions if one["id"] == "jiangsu"] == ["2023", "2026"]
        assert editions[0]["effective_to"] == "2026-03-31"

    def test_what_is_shown_can_be_checked_again(self, tmp_path):
        own = tmp_path / "own.yaml"
        own.write_text(run("policy", "show", "jiangsu").stdout, encoding="utf-8")
        result = run("policy", "check", own)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("ok: jiangsu, edition ")
        assert json.loads(run("policy", "show", own, "--json").stdout)["id"] == "jiangsu"
        assert json.loads(run("policy", "check", own, "--json").stdout)["rules"] > 40

    def test_misspelt_key_names_file_line_and_key(self, tmp_path):
        text = run("policy", "show", "jiangsu").stdout
        line = text[: text.index("\nvetoes:")].count("\n") + 2
        own = tmp_path / "own.yaml"
        own.write_text(text.replace("\nvetoes:", "\nvetos:"), encoding="utf-8")
        assert f"own.yaml, line {line}: unknown key 'vetos'" in complaint(run("policy", "check", own))
        result = run("assess", *INPUTS, *DAY, "--policy", own, "--out", tmp_path / "out")
        assert "unknown key 'vetos'" in complaint(result)
        assert not (tmp_path / "out").exists()

    def test_sql_is_printed_or_written_for_the_edition_of_a_day(self, tmp_path):
        printed = run("policy", "sql", "jiangsu", "--table", "mine", "--as-of", "2025-06-30").stdout
        assert "edition 2023" in printed
        assert 'FROM "mine"' in printed
        result = run("policy", "sql", "jiangsu", "--out", tmp_path / "sql" / "jiangsu.sql")
        assert str(tmp_path / "sql" / "jiangsu.sql") in result.stdout
        assert (tmp_path / "sql" / "jiangsu.sql").read_text(encoding="utf-8") == cr.scoring_sql("jiangsu")
        assert "cannot be the name" in complaint(run("policy", "sql", "jiangsu", "--table", ""))

    def test_day_chooses_the_edition(self, tmp_path):
        day = ("--as-of", "2025-06-30")
        assert 'edition: "2023"' in run("policy", "show", "jiangsu", *day).stdout
        assert json.loads(run("policy", "show", "jiangsu", *day, "--json").stdout)["edition"] == "2023"
        assert "edition 2023" in run("policy", "check", "jiangsu", *day).stdout
        assert "not in force on 1999-01-01" in complaint(run("policy", "show", "jiangsu", "--as-of", "1999-01-01"))
        result = run("assess", *INPUTS, "--as-of", "2026-03-31", "--out", tmp_path, "--json")
        assert json.loads(result.stdout)["summary"]["policy_edition"] == "2023"

    def test_check_says_what_is_proved_and_what_to_mind(self):
        result = run("policy", "check", "jiangsu", "--as-of", "2027-06-30")
        proofs = "as risk rises, points never rise: 59\n    safety.violations · safety.violation_severity\n"
        assert proofs in result.stdout
        assert "was to be reviewed by 2027-03-31; it is 2027-06-30" in result.stdout
        assert "rules 59" in result.stdout
        data = json.loads(run("policy", "check", "jiangsu", "--as-of", "2026-06-30", "--json").stdout)
        assert len(data["proofs"]) > 100
        assert all(proof["holds"] for proof in data["proofs"])
        assert [warning["en"].split()[0] for warning in data["warnings"]] == ["entries"]

    def test_diff_of_editions(self):
        days = ("--as-of-a", "2025-06-30", "--as-of-b", "2026-06-30")
        result = run("policy", "diff", "jiangsu", "jiangsu", *days, "--language", "en")
        assert result.exit_code == 0, result.output
        assert "  - edition: “2023” becomes “2026”\n" in result.stdout
        data = json.loads(run("policy", "diff", "jiangsu", "jiangsu", *days, "--json").stdout)
        assert {change["part"] for change in data["changes"]} == {"identity", "standing.terms"}
        assert "内容相同" in run("policy", "diff", "jiangsu", "jiangsu").stdout

    def test_impact_of_a_draft_not_yet_in_force(self, tmp_path):
        draft = tmp_path / "draft.yaml"
        text = run("policy", "show", "jiangsu").stdout.replace(
            "effective_from: 2026-04-01", "effective_from: 2027-01-01"
        )
        draft.write_text(text.replace("at_least: 85", "at_least: 95"), encoding="utf-8")
        result = run("policy", "impact", "jiangsu", draft, *INPUTS, *DAY, "--out", tmp_path / "out", "--csv")
        assert result.exit_code == 0, result.output
        assert "The cut-offs between tiers moved" in result.stdout
        assert {path.name for path in (tmp_path / "out").iterdir()} == {
            "movers.parquet", "movers.csv", "impact.html", "impact.json", "run.json",
        }  # fmt: skip
        data = json.loads(run("policy", "impact", "jiangsu", draft, *INPUTS, *DAY, "--json").stdout)
        assert data["movers"] == data["worse"] == pl.read_parquet(tmp_path / "out" / "movers.parquet").height > 0
        assert "--csv needs --out" in complaint(run("policy", "impact", "jiangsu", draft, *INPUTS, *DAY, "--csv"))

    def test_impact_between_editions(self):
        days = ("--as-of-a", "2025-06-30", "--as-of-b", "2026-06-30")
        data = json.loads(run("policy", "impact", "jiangsu", "jiangsu", *days, *INPUTS, *DAY, "--json").stdout)
        assert (data["before"]["edition"], data["after"]["edition"]) == ("2023", "2026")

    def test_a_policy_past_its_review_is_said_without_a_traceback(self, tmp_path):
        result = run("assess", *INPUTS, "--as-of", "2027-06-30", "--out", tmp_path)
        assert result.exit_code == 0
        assert result.stderr.startswith("warning: policy jiangsu, edition 2026, was to be reviewed by 2027-03-31")

    def test_render(self, tmp_path):
        printed = run("policy", "render", "jiangsu", "--language", "en")
        assert printed.stdout.startswith("# Tiered supervision of enterprises by credit (Jiangsu)\n")
        for name, start in (("policy.html", "<!doctype html>"), ("policy.md", "# 企业信用")):
            result = run("policy", "render", "jiangsu", "--as-of", "2025-01-01", "--out", tmp_path / name)
            assert result.exit_code == 0, result.output
            assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
        assert "must end in .html or .md" in complaint(run("policy", "render", "jiangsu", "--out", tmp_path / "x.pdf"))

    def test_schema(self, tmp_path):
        printed = json.loads(run("policy", "schema").stdout)
        assert run("policy", "schema", "--out", tmp_path / "schema.json").exit_code == 0
        assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8")) == printed == cr.policy_schema()

    @pytest.mark.parametrize("command", ["list", "show", "check", "diff", "impact", "render", "schema"])
    def test_every_policy_command_has_help(self, command):
        result = run("policy", command, "--help")
        assert result.exit_code == 0
        assert "Usage" in result.stdout

    def test_no_such_policy(self):
        assert "built-in are jiangsu" in complaint(run("policy", "show", "zhejiang"))


class TestBadInput:
    """The section 'what bad input gets': one clear error or a rejects row."""

    def assess(self, options, folder, *more):
        return run("assess", *options, *(more or DAY), "--out", folder / "out")

    def rejects(self, options, folder, *more):
        result = self.assess(options, folder, *more)
        assert result.exit_code == 0, result.output
        return pl.read_parquet(folder / "out" / "rejects.parquet")

    def test_missing_column(self, tmp_path):
        options = write_tables(tmp_path, "record_id,enterprise_id,type\nR1,A,inspection\n")
        assert "occurred_on" in complaint(self.assess(options, tmp_path))

    def test_empty_file(self, tmp_path):
        assert "records.csv" in complaint(self.assess(write_tables(tmp_path, ""), tmp_path))

    def test_wrong_encoding(self, tmp_path):
        wrong = GOOD_RECORDS.encode() + "R2,A,检查,2025-05-01,合格\n".encode("utf-16-le")
        assert "records.csv" in complaint(self.assess(write_tables(tmp_path, wrong), tmp_path))

    def test_impossible_date_is_a_reject(self, tmp_path):
        options = write_tables(tmp_path, GOOD_RECORDS + "R2,A,inspection,2025-02-30,pass\n")
        assert self.rejects(options, tmp_path)["code"].to_list() == ["invalid_date"]

    def test_record_of_an_enterprise_not_in_the_table_is_a_reject(self, tmp_path):
        options = write_tables(tmp_path, GOOD_RECORDS + "R2,C,inspection,2025-05-01,pass\n")
        rejects = self.rejects(options, tmp_path)
        assert rejects.select("code", "value").rows() == [("unknown_enterprise", "C")]

    def test_as_of_before_all_records(self, tmp_path):
        old = tmp_path / "old.yaml"
        text = policy_document("jiangsu").decode().replace("effective_from: 2026-04-01", "effective_from: 1990-01-01")
        old.write_text(text, encoding="utf-8")
        result = self.assess(INPUTS, tmp_path, "--policy", old, "--as-of", "1999-01-01")

        options = write_tables(tmp_path, GOOD_RECORDS)
        result = self.assess(options, tmp_path, "--as-of", "2024-01-01")
        assert "lies before every record" in complaint(result)

    def test_as_of_before_the_policy(self, tmp_path):
        result = self.assess(INPUTS, tmp_path, "--as-of", "1999-01-01")
        assert "not in force on 1999-01-01" in complaint(result)

    @pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "30.06.2026"])
    def test_as_of_that_is_no_day(self, tmp_path, day):
        result = self.assess(INPUTS, tmp_path, "--as-of", day)
        assert result.exit_code == 2
        assert "a day such as 2026-06-30" in result.stderr

    def test_integer_ids(self, tmp_path):
        enterprises = pl.DataFrame({"enterprise_id": [7, 8], "name": ["甲公司", "乙公司"]})
        enterprises.write_parquet(tmp_path / "enterprises.parquet")
        options = write_tables(tmp_path, GOOD_RECORDS.replace(",A,", ",7,"))
        options = ("--enterprises", tmp_path / "enterprises.parquet", *options[2:])
        assert self.rejects(options, tmp_path).height == 0
        counts = pl.read_parquet(tmp_path / "out" / "assessments.parquet").select("enterprise_id", "evidence_count")
        assert counts.rows() == [("7", 1), ("8", 0)]

    def test_names_with_html_and_formulas(self, tmp_path):
        enterprises = 'enterprise_id,name\nA,<script>alert(1)</script>\nB,"=HYPERLINK(""http://x"")"\n'
        options = write_tables(tmp_path, GOOD_RECORDS, enterprises)
        assert run("assess", *options, *DAY, "--out", tmp_path / "out", "--csv").exit_code == 0
        assert "<script" not in (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
        names = pl.read_csv(tmp_path / "out" / "assessments.csv")["name"].to_list()
        assert names == ["<script>alert(1)</script>", '\'=HYPERLINK("http://x")']
        page = tmp_path / "a.html"
        assert run("explain", "A", *options, *DAY, "--html", page).exit_code == 0
        assert "<script" not in page.read_text(encoding="utf-8")

    def test_no_such_file(self, tmp_path):
        result = run("validate", "--enterprises", tmp_path / "none.csv", "--records", SAMPLE.records)
        assert "none.csv" in complaint(result)

    def test_file_in_place_of_the_folder(self, tmp_path):
        (tmp_path / "out").write_text("in the way", encoding="utf-8")
        assert str(tmp_path / "out") in complaint(self.assess(INPUTS, tmp_path))
        assert (tmp_path / "out").read_text(encoding="utf-8") == "in the way"

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that nobody can write to")
    def test_folder_that_cannot_be_made(self):
        assert "cannot be written" in complaint(run("simulate", "--out", "/proc/province", "--enterprises", 5))

    def test_full_disk_leaves_earlier_results_as_they_were(self, tmp_path, monkeypatch):
        assert self.assess(INPUTS, tmp_path).exit_code == 0
        before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        write = pl.DataFrame.write_parquet

        def full(frame, path, **options):
            write(frame.head(1), path, **options)
            if "rejects" in Path(path).name:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
        assert os.strerror(errno.ENOSPC) in complaint(self.assess(INPUTS, tmp_path))
        assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


class TestFailures:
    """What is not the user's fault has no traceback either."""

    def fail_with(self, monkeypatch, error):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("creditrisk.policy.loading.load_policy", fail)
        return run("policy", "check", "jiangsu")

    def test_interrupt(self, monkeypatch):
        result = self.fail_with(monkeypatch, KeyboardInterrupt())
        assert (result.exit_code, result.stderr) == (130, "error: interrupted\n")

    def test_operating_system(self, monkeypatch):
        error = PermissionError(errno.EACCES, "Permission denied", "secret.yaml")
        assert complaint(self.fail_with(monkeypatch, error)) == "secret.yaml: Permission denied"

    def test_fault_of_our_own(self, monkeypatch):
        assert "a fault in creditrisk: KeyError" in complaint(self.fail_with(monkeypatch, KeyError("x")))

    def test_memory(self, monkeypatch):
        assert "not enough memory" in complaint(self.fail_with(monkeypatch, MemoryError()))

    def test_misspelt_option(self):
        result = run("assess", *INPUTS, *DAY, "--outt", "x")
        assert result.exit_code == 2
        assert "--outt" in result.stderr


class TestOwnProcess:
    def test_exit_codes_and_streams(self, tmp_path):
        done = run_apart("policy", "check", "jiangsu")
        assert (done.returncode, done.stderr) == (0, "")
        wrong = run_apart("assess", *INPUTS, *DAY, "--out", tmp_path / "out", "--policy", "none")
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert wrong.stderr.startswith("error: there is no built-in policy 'none'")
        assert len(wrong.stderr.splitlines()) == 1

    def test_assess_prints_nothing_but_json(self, tmp_path):
        result = run_apart("assess", *INPUTS, *DAY, "--out", tmp_path / "out", "--json")
        assert (result.returncode, result.stderr) == (0, "")
        assert json.loads(result.stdout)["summary"]["policy"] == "jiangsu"

    def test_terminal_without_chinese(self):
        result = run_apart("policy", "list", "--json", PYTHONIOENCODING="ascii")
        assert result.returncode == 0
        assert "企业信用" in json.loads(result.stdout)[0]["title"]["zh"]
        assert run_apart("policy", "list", PYTHONIOENCODING="ascii").returncode == 0


def test_records_of_several_sources_are_read_together(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, record in ((first, "r1"), (second, "r2")):
        folder.mkdir()
        write_tables(folder, f"record_id,enterprise_id,type,occurred_on\n{record},A,complaint,2026-01-05\n")
    sources = ("--records", first / "records.csv", "--records", second / "records.csv")
    told = run("validate", "--enterprises", first / "enterprises.csv", *sources, "--id-scheme", "any", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["records"]["rows_kept"] == 2


def test_an_explanation_knows_the_model_that_the_assessment_was_made_with():
    tables = ("--enterprises", SAMPLE.enterprises, "--records", SAMPLE.records, "--as-of", "2026-06-30")
    assessment = cr.assess(
        SAMPLE.enterprises, SAMPLE.records, as_of="2026-06-30", model="reference", combine="rules_with_model"
    )
    moved = assessment.table.query("tier != tier_by_rules")["enterprise_id"].iloc[0]
    told = run("explain", moved, *tables, "--model", "reference", "--combine", "rules_with_model")
    assert told.exit_code == 0, told.output
    assert "模型" in told.output
