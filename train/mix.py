"""What is read when: the sources, and their shares in each part of the curriculum."""

# Sources of running text: every token counts.
STREAMS = ["stories", "prose", "fill", "transcripts"]
# Sources of conversations, rendered by the chat template.
CONVERSATIONS = ["talk", "service", "passages", "sums", "calls", "functions", "tales", "persona"]

# Each share is of the tokens of a batch.
PARTS = {
    # prose and stories, some of them with a hole to fill; a few plain transcripts
    "read": {"stories": 0.25, "prose": 0.58, "fill": 0.06, "transcripts": 0.11},
    # conversations arrive; all their tokens count, so that questions are learned as well
    "listen": {"stories": 0.12, "prose": 0.18, "fill": 0.03, "transcripts": 0.05,
               "talk": 0.14, "service": 0.08, "passages": 0.09, "sums": 0.08, "calls": 0.14,
               "functions": 0.04, "tales": 0.04, "persona": 0.01},
    # only the assistant's turns count; some stories stay, so that they are not forgotten
    "answer": {"stories": 0.06, "prose": 0.05, "fill": 0.01, "transcripts": 0.03,
               "talk": 0.15, "service": 0.07, "passages": 0.17, "sums": 0.11, "calls": 0.22,
               "functions": 0.06, "tales": 0.05, "persona": 0.02},
    # for the draft model, which has to follow in everything
    "follow": {"stories": 0.30, "prose": 0.10, "transcripts": 0.03, "talk": 0.15, "service": 0.08,
               "passages": 0.08, "sums": 0.06, "calls": 0.10, "functions": 0.03, "tales": 0.06,
               "persona": 0.01},
}

# What a token of a source weighs in "answer", where sources say very different numbers of tokens in a row.
ANSWER_WEIGHTS = {"stories": 0.3, "prose": 0.3, "fill": 0.3, "transcripts": 0.3, "tales": 0.5,
                  "passages": 2.0, "calls": 1.5, "functions": 1.5}

for shares in PARTS.values():
    assert abs(sum(shares.values()) - 1) < 1e-9
