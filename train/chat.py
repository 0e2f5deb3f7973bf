"""The chat template, rendered as Hugging Face renders it, so that training sees what hearth writes."""
import json
import pathlib

from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATE_PATH = pathlib.Path(__file__).with_name("chat_template.jinja")


def _tojson(value):
    return json.dumps(value, ensure_ascii=False)


def _compile():
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = _tojson
    return environment.from_string(TEMPLATE_PATH.read_text())


_template = _compile()


def render(messages, tools=None, add_generation_prompt=False):
    return _template.render(messages=messages, tools=tools,
                            add_generation_prompt=add_generation_prompt)
