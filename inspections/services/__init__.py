"""Every write of inspections."""

from inspections.services.plans import (
    FACTS,
    comes_out_again,
    create_plan,
    draw_again,
    draw_sample,
    move_plan,
    update_plan,
)

__all__ = ["FACTS", "comes_out_again", "create_plan", "draw_again", "draw_sample", "move_plan", "update_plan"]
