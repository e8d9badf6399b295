# CR2 with weights: clubSandwich's default for weighted least squares (working errors alike, weights not inverse variances).
#
#     Rscript expect_weighted.R        # r-base-core, r-cran-clubsandwich, r-cran-jsonlite
library(clubSandwich)
library(jsonlite)
d <- read.csv("panel.csv")
d$school_f <- factor(d$school)
d$teacher_f <- factor(d$teacher)
d$year_f <- factor(d$year)
u <- unbox
case <- function(id, formula, names, cluster, effects = NULL) {
  model <- lm(formula, d, weights = weight)
  v <- vcovCR(model, cluster = d[[cluster]], type = "CR2")
  stopifnot(!attr(v, "inverse_var"))
  t <- coef_test(model, vcov = v, test = "Satterthwaite", coefs = names)
  terms <- setNames(lapply(seq_along(names), function(i)
    list(estimate = u(t$beta[i]), se = u(t$SE[i]), df = u(t$df[i]), p = u(t$p_Satt[i]))), names)
  out <- list(id = u(id), estimator = u("ols"), tolerance = u(1e-8), terms = terms, outcome = u("score"),
    regressors = c("hours", "prior"), clusters = cluster, vcov = u("cr2"), keep_singletons = u(TRUE), weights = u("weight"))
  if (!is.null(effects)) out$effects <- effects
  out
}
slopes <- c("hours", "prior")
cases <- list(
  case("weighted CR2 by school", score ~ hours + prior, c("(Intercept)", slopes), "school"),
  case("weighted CR2 by teacher", score ~ hours + prior, c("(Intercept)", slopes), "teacher"),
  case("weighted CR2 by school, school effects", score ~ hours + prior + school_f, slopes, "school", "school"),
  case("weighted CR2 by school, year effects", score ~ hours + prior + year_f, slopes, "school", "year"),
  case("weighted CR2 by school, school and year effects", score ~ hours + prior + school_f + year_f, slopes, "school",
    c("school", "year")),
  case("weighted CR2 by school, teacher and year effects", score ~ hours + prior + teacher_f + year_f, slopes, "school",
    c("teacher", "year")),
  case("weighted CR2 by teacher, school and year effects", score ~ hours + prior + school_f + year_f, slopes, "teacher",
    c("school", "year")))
version <- paste("expect_weighted.R with", R.version.string, "clubSandwich", packageVersion("clubSandwich"))
write(toJSON(list(made_by = u(version), data = u("panel.csv"), cases = cases), digits = NA, pretty = TRUE, null = "null"),
  "r_weighted.json")
cat(length(cases), "cases\n")
