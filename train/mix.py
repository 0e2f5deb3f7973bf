"""What is read when: the sources, and their shares in each part of the curriculum."""

# Sources of running text: every token counts.
STREAMS = ["stories", "prose", "fill", "transcripts"]
# Made-up stories as running text, each row beginning with the beginning of one; every token counts.
TALES = "tales"
# Sources of conversations, rendered by the chat template.
CONVERSATIONS = ["talk", "service", "passages", "reading", "sums", "calls", "functions", "inventions", "told",
    "persona"]

# Each share is of the tokens of a batch.
PARTS = {
    # stories above all, made-up and real ones; prose, texts with a hole to fill, a few plain transcripts
    "read": {"tales": 0.56, "stories": 0.17, "prose": 0.10, "fill": 0.04, "transcripts": 0.13},
    # conversations arrive; all their tokens count, so that questions are learned as well
    "listen": {"tales": 0.28, "stories": 0.08, "prose": 0.04, "fill": 0.02, "transcripts": 0.05,
               "talk": 0.12, "service": 0.05, "passages": 0.05, "reading": 0.08, "sums": 0.05, "calls": 0.08,
               "functions": 0.03, "inventions": 0.03, "told": 0.03, "persona": 0.01},
    # only the assistant's turns count; some stories stay, so that they are not forgotten
    "answer": {"tales": 0.22, "stories": 0.06, "prose": 0.02, "fill": 0.01, "transcripts": 0.03,
               "talk": 0.12, "service": 0.05, "passages": 0.06, "reading": 0.12, "sums": 0.07, "calls": 0.11,
               "functions": 0.04, "inventions": 0.05, "told": 0.03, "persona": 0.01},
    # for a draft model, which has to follow in everything
    "follow": {"tales": 0.24, "stories": 0.14, "prose": 0.03, "transcripts": 0.03, "talk": 0.14, "service": 0.07,
               "passages": 0.06, "reading": 0.07, "sums": 0.06, "calls": 0.08, "functions": 0.03, "inventions": 0.02,
               "told": 0.02, "persona": 0.01},
}

# What a token of a source weighs in "answer", where sources say very different numbers of tokens in a row.
ANSWER_WEIGHTS = {"tales": 0.5, "stories": 0.4, "prose": 0.3, "fill": 0.3, "transcripts": 0.3, "told": 0.5,
                  "passages": 2.0, "reading": 2.0, "calls": 1.5, "functions": 1.5, "inventions": 1.5}

for shares in PARTS.values():
    assert abs(sum(shares.values()) - 1) < 1e-9
