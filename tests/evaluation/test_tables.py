"""Tables of a study as Markdown and LaTeX."""

from memlearn.evaluation import findings, tables
from memlearn.evaluation.estimate import UNKNOWN, Estimate
from memlearn.evaluation.tables import Table
from tests.evaluation.studies import SCORES, T, lines

ROWS = [
    ("fifo_retrieval", 1234, Estimate(0.5, 0.4, 0.6), UNKNOWN),
    ("gru", 5, Estimate(0.9), Estimate(-0.2, -0.3, -0.1)),
    ("50 %", 5, Estimate(0.90004, 0.8, 1.0), Estimate(-0.3, -0.7, 0.1)),
]
FOOT = (("chance", "", Estimate(0.95), Estimate(0.5)),)
TABLE = Table("t", "a & b", ("variant", "n", "x", "y"), ROWS, FOOT, "Read it.", best=True)


def cells(markdown):
    rows = [row for row in markdown.splitlines() if row.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_markdown_has_the_best_in_bold():
    assert cells(tables.as_markdown(TABLE)) == [
        ["variant", "n", "x", "y"],
        [":-------------", "----:", "----------------:", "-----------------:"],
        ["fifo_retrieval", "1,234", "0.500 ± 0.100", "-"],
        ["gru", "5", "**0.900**", "**-0.200** ± 0.100"],
        ["50 %", "5", "**0.900** ± 0.100", "-0.300 ± 0.400"],
        ["chance", "", "0.950", "0.500"],
    ]


def test_markdown_is_aligned():
    title, *grid, note = tables.as_markdown(TABLE).strip().splitlines()
    assert title == "## a & b" and note == "Read it."
    assert len({len(row) for row in grid if row}) == 1


def test_latex_escapes_what_would_be_commands():
    latex = tables.as_latex(TABLE)
    assert r"fifo\_retrieval & 1,234 & $0.500_{\pm 0.100}$ & -- \\" in latex
    assert r"gru & 5 & $\mathbf{0.900}$ & $\mathbf{-0.200}_{\pm 0.100}$ \\" in latex
    assert r"50 \% & 5 & $\mathbf{0.900}_{\pm 0.100}$" in latex
    assert r"\caption{a \& b. Read it.}" in latex and r"\begin{tabular}{lrrr}" in latex
    for rule in ("toprule", "midrule", "bottomrule"):
        assert latex.count(rf"\{rule}") == (2 if rule == "midrule" else 1)
    assert tables.escape("\\{}^~$#") == (
        r"\textbackslash{}\{\}\textasciicircum{}\textasciitilde{}\$\#"
    )


def test_differences_have_a_sign_and_a_star_if_zero_is_excluded():
    signed = TABLE._replace(best=False, signed=True, foot=())
    rows = cells(tables.as_markdown(signed))
    assert [row[3] for row in rows[2:]] == ["-", "-0.200 ± 0.100*", "-0.300 ± 0.400"]
    assert rows[2][2] == "+0.500 ± 0.100*" and rows[3][2] == "+0.900"
    assert "$-0.200_{\\pm 0.100}^{*}$" in tables.as_latex(signed)


def test_tables_are_written_both_ways(tmp_path):
    paths = tables.write(tmp_path / "new" / "study", [TABLE, TABLE])
    assert [path.name for path in paths] == ["study.md", "study.tex"]
    assert paths[0].read_text().count("## a & b") == 2
    assert paths[1].read_text().count(r"\begin{table}") == 2


def test_a_study_has_a_table_for_each_question():
    found = findings.of_study("keys", lines(SCORES) + lines(SCORES, budget=4))
    assert [table.label for table in found] == [
        "keys-scores", "keys-differences", "keys-loses", "keys-controls", "keys-capacity",
    ]  # fmt: skip
    assert "size cpu; commit" in found[0].note
    told = findings.scores("keys", lines(SCORES, set=["batch=4"])).note
    assert "size cpu; commit 0123456-dirty; with batch=4." in told
    scores, differences, loses, controls, capacity = map(tables.as_markdown, found)
    half = f"± {0.1 * T:.3f}"
    assert cells(scores)[2] == [
        "a", "3", f"0.200 {half}", f"**0.600** {half}", f"0.400 {half}", "12,345", "1,024",
    ]  # fmt: skip
    assert cells(scores)[4] == ["chance", "", "0.050", "0.050", "0.050", "", ""]
    assert "updates 1,200; size cpu; commit 0123456-dirty" in scores
    assert cells(differences)[2][:3] == ["b", f"+0.200 {half}", "+0.000 ± 0.000"]
    assert cells(loses)[2][:3] == ["a", "2x classes", "+0.100 ± 0.000*"]
    assert cells(loses)[4][:3] == ["a", "4x delay", "+0.200 ± 0.000*"]
    assert cells(controls)[2][:3] == ["a", "empty", "0.060 ± 0.000"]
    assert cells(capacity)[0] == ["variant", "task", "4"]
    assert cells(capacity)[2] == ["a", "order", f"0.200 {half}"]


def test_a_variant_alone_has_nothing_to_differ_from():
    alone = [line for line in lines(SCORES) if line["variant"] == "a"]
    assert "keys-differences" not in [t.label for t in findings.of_study("keys", alone)]
