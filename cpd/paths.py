"""Where templates/ and content/ are, in a checkout and in an installed wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent


def _beside_or_inside(name: str) -> Path:
    inside = PACKAGE / name
    return inside if inside.is_dir() else CHECKOUT / name


TEMPLATES = _beside_or_inside("templates")
STATIC = PACKAGE / "static"
MIGRATIONS = PACKAGE / "migrations"


def default_instance_folder() -> Path:
    return Path.cwd() / "instance"


def default_content_folder() -> Path:
    """./content if it is there, else the packaged sample."""
    here = Path.cwd() / "content"
    return here if here.is_dir() else sample_content()


def is_sample(content: Path) -> bool:
    """Whether this is the sample content, taken because there is no ./content."""
    return content == sample_content() and not (Path.cwd() / "content").is_dir()


def sample_content() -> Path:
    """The sample content that ships: beside the package in a checkout, inside it in a wheel."""
    packaged = PACKAGE / "sample_content"
    return packaged if packaged.is_dir() else CHECKOUT / "content"
