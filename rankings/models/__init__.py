"""Frozen rankings and their corrections; the policy of rewards and penalties; the year's settlement (§7)."""

from rankings.models.policies import Amount, Policy, Target, TeamShare
from rankings.models.rankings import Correction, Ranking, RankingEntry
from rankings.models.settlements import Appeal, Attendance, Award, AwardNotice, PromotionNote, Settlement

__all__ = [
    "Amount", "Appeal", "Attendance", "Award", "AwardNotice", "Correction", "Policy", "PromotionNote", "Ranking", "RankingEntry",
    "Settlement", "Target", "TeamShare",
]  # fmt: skip
